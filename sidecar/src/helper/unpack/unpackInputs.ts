/** How an archive comes to the program that unpacks. Each is a program of its name in program/, which a helper pod starts. */
export const UNPACK_INPUTS = ['hash', 'pull', 'direct'] as const;
export type UnpackInput = (typeof UNPACK_INPUTS)[number];
