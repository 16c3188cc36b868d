package dev.jebena.cuda;

import jcuda.driver.CUfunction;

/**
 * A kernel that is ready to be launched.
 *
 * @param name as in its PTX
 * @param function the driver's handle
 */
record Kernel(String name, CUfunction function) {}
