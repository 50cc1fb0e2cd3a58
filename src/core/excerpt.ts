/** What messages show of a text that may be anything. */

/** The beginning of a text, for messages. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 48 ? `${text.slice(0, 48)}…` : text);
}
