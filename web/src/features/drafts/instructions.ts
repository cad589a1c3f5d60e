/** What a draft can be asked to be like, beside the owner's own words. */
export const CHIPS = [
  { label: "Shorter", instruction: "shorter" },
  { label: "Warmer", instruction: "warmer" },
  { label: "Ask back", instruction: "ask a question back" },
] as const;
