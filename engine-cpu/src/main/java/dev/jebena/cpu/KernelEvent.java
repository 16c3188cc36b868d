package dev.jebena.cpu;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A kernel as the self-test chose it, for flight recordings. */
@Name("dev.jebena.Kernel")
@Label("Kernel Chosen")
@Category("Jebena")
@Description("The kernel that the self-test chose for a weight type and a number of rows")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recording reads the fields
final class KernelEvent extends Event {

  @Label("Operation")
  private String operation = "";

  @Label("Weight Type")
  private String type = "";

  @Label("Kernel")
  private String kernel = "";

  @Label("Units per Second")
  @Description("Bytes of weights for matrix-vector, floating-point operations for the others")
  private double unitsPerSecond;

  @Label("Share of Peak")
  @Description("Of the read bandwidth, or of the multiply-adds, that the same test measured")
  private double shareOfPeak;

  @Label("Replaced Another")
  private boolean replaced;

  static void commit(
      String operation, String type, String kernel, double unitsPerSecond, double shareOfPeak, boolean replaced) {
    KernelEvent event = new KernelEvent();
    if (event.isEnabled()) {
      event.operation = operation;
      event.type = type;
      event.kernel = kernel;
      event.unitsPerSecond = unitsPerSecond;
      event.shareOfPeak = shareOfPeak;
      event.replaced = replaced;
      event.commit();
    }
  }
}
