package dev.jebena.tokenizer.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.WeekFields;
import java.util.Locale;

/** Python's {@code strftime} in the C locale. */
final class Strftime {

  private Strftime() {}

  static String format(ZonedDateTime time, String format) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char code = format.charAt(++i);
      if (code == '-' && i + 1 < format.length()) {
        String padded = field(time, format.charAt(++i));
        text.append(padded.replaceFirst("^[0 ]+(?=.)", ""));
      } else {
        text.append(field(time, code));
      }
    }
    return text.toString();
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
      case 'H' -> pattern(time, "HH");
      case 'I' -> pattern(time, "hh");
      case 'j' -> pattern(time, "DDD");
      case 'm' -> pattern(time, "MM");
      case 'M' -> pattern(time, "mm");
      case 'n' -> "\n";
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
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
