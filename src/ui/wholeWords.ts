/** Style of words in a table, which breaks long names anywhere: beside such a name, they would be broken into their letters. */
export const WHOLE_WORDS = { overflowWrap: 'normal' } as const;
