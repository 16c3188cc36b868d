package dev.jebena.tokenizer.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.WeekFields;
import java.util.Locale;

/** Python's {@code strftime} in the C locale. */
final class Strftime {

  private Strftime() {}

  /** Formats a time; the flags are those of the GNU library: {@code -} drops padding, {@code _} pads with spaces, {@code ^} is upper case. */
  static String format(ZonedDateTime time, String format, Budget budget) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char flag = format.charAt(i + 1);
      if ("-_0^".indexOf(flag) >= 0 && i + 2 < format.length()) {
        text.append(flagged(flag, field(time, format.charAt(i + 2))));
        i += 2;
      } else {
        text.append(field(time, flag));
        i++;
      }
      budget.writes(text.length());
    }
    return text.toString();
  }

  private static String flagged(char flag, String field) {
    int zeros = 0;
    while (zeros < field.length() - 1 && "0 ".indexOf(field.charAt(zeros)) >= 0) {
      zeros++;
    }
    return switch (flag) {
      case '-' -> field.substring(zeros);
      case '_' -> " ".repeat(zeros) + field.substring(zeros);
      case '0' -> "0".repeat(zeros) + field.substring(zeros);
      default -> field.toUpperCase(Locale.ROOT);
    };
  }

  private static String field(ZonedDateTime time, char code) {
    return switch (code) {
      case 'a' -> pattern(time, "EEE");
      case 'A' -> pattern(time, "EEEE");
      case 'b', 'h' -> pattern(time, "MMM");
      case 'B' -> pattern(time, "MMMM");
      case 'c' -> pattern(time, "EEE MMM ") + padded(time.getDayOfMonth(), ' ') + pattern(time, " HH:mm:ss yyyy");
      case 'd' -> pattern(time, "dd");
      case 'D', 'x' -> pattern(time, "MM/dd/yy");
      case 'e' -> padded(time.getDayOfMonth(), ' ');
      case 'f' -> String.format(Locale.ROOT, "%06d", time.getNano() / 1000);
      case 'F' -> pattern(time, "yyyy-MM-dd");
      case 'C' -> pattern(time, "yyyy").substring(0, 2);
      case 'G' -> String.valueOf(time.get(WeekFields.ISO.weekBasedYear()));
      case 'g' -> String.format(Locale.ROOT, "%02d", time.get(WeekFields.ISO.weekBasedYear()) % 100);
      case 'H' -> pattern(time, "HH");
      case 'k' -> padded(time.getHour(), ' ');
      case 'l' -> padded((time.getHour() + 11) % 12 + 1, ' ');
      case 'I' -> pattern(time, "hh");
      case 'j' -> pattern(time, "DDD");
      case 'm' -> pattern(time, "MM");
      case 'M' -> pattern(time, "mm");
      case 'n' -> "\n";
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'P' -> time.getHour() < 12 ? "am" : "pm";
      case 'r' -> pattern(time, "hh:mm:ss ") + (time.getHour() < 12 ? "AM" : "PM");
      case 'R' -> pattern(time, "HH:mm");
      case 's' -> String.valueOf(time.toEpochSecond());
      case 'S' -> pattern(time, "ss");
      case 't' -> "\t";
      case 'T', 'X' -> pattern(time, "HH:mm:ss");
      case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
      case 'U' -> String.format(Locale.ROOT, "%02d", (time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7);
      case 'V' -> String.format(Locale.ROOT, "%02d", time.get(WeekFields.ISO.weekOfWeekBasedYear()));
      case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
      case 'W' -> String.format(Locale.ROOT, "%02d", (time.getDayOfYear() + 6 - (time.getDayOfWeek().getValue() + 6) % 7) / 7);
      case 'y' -> pattern(time, "yy");
      case 'Y' -> pattern(time, "yyyy");
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> "%" + code;
    };
  }

  private static String padded(int value, char pad) {
    return value < 10 ? pad + String.valueOf(value) : String.valueOf(value);
  }

  private static String pattern(ZonedDateTime time, String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
