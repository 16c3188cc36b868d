package dev.jebena.cuda;

import dev.jebena.engine.weight.BlockType;

/**
 * A matrix on the device.
 *
 * @param type of its blocks
 * @param rows output features
 * @param columns input features
 * @param body address of the plane of bodies
 * @param head address of the plane of heads; 0: none
 */
record DeviceWeight(BlockType type, int rows, int columns, long body, long head) {}
