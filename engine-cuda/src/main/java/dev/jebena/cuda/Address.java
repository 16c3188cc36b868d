package dev.jebena.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** JCuda's pointers, made from and read as plain addresses. */
final class Address {

  private Address() {}

  /** A pointer into host memory outside of the Java heap. */
  static final class Host extends Pointer {

    /** No address yet: to be filled by the driver. */
    Host() {}

    Host(long address) {
      super(address);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** A pointer into device memory. */
  static final class Device extends CUdeviceptr {

    /** No address yet: to be filled by the driver. */
    Device() {}

    Device(long address) {
      super(new CUdeviceptr(), address);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }
}
