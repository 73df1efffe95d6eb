// Written by scripts/build-client from the IDL. Do not edit.

/** The first eight bytes of each event, behind the tag of all events. */
export const EVENT_DISCRIMINATORS = {
  ChunkMetered: [206, 71, 211, 21, 222, 68, 73, 25],
  CreditChanged: [177, 127, 29, 30, 236, 1, 134, 90],
  MarketChanged: [235, 2, 242, 195, 85, 32, 71, 249],
  MarketCreated: [88, 184, 130, 231, 226, 84, 6, 58],
  ProviderChanged: [203, 115, 70, 176, 4, 215, 248, 176],
} as const;
