/** The largest amount that an instruction takes: more than there ever is. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;
