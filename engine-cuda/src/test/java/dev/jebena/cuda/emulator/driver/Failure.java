package dev.jebena.cuda.emulator.driver;

/**
 * Something that went wrong behind the driver.
 *
 * @param device ordinal, -1 where no device is concerned
 * @param kind of a kernel's mistake by the name of its {@link dev.jebena.cuda.emulator.ptx.KernelFault.Kind}, of a call's {@code CALL}, of a
 *     function that is not emulated {@code NOT_EMULATED}
 */
public record Failure(int device, String kind, String message) {}
