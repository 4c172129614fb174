/** How many parts a text message is cut into: counted as conversations/channels/sms_segments.py does. */

const PLAIN = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const ESCAPED = new Set("\f^{}\\[~]|€");

/** @param {string} words @returns {number} */
export function segmentsOf(words) {
  const signs = [...words];
  const isGsm = signs.every((sign) => PLAIN.has(sign) || ESCAPED.has(sign));
  const [one, several] = isGsm ? [160, 153] : [70, 67];
  const widths = signs.map((sign) => (isGsm ? 1 + ESCAPED.has(sign) : sign.length));
  if (widths.reduce((sum, width) => sum + width, 0) <= one) return words ? 1 : 0;
  let parts = 1;
  let filled = 0;
  for (const width of widths) {
    if (filled + width > several) [parts, filled] = [parts + 1, 0];
    filled += width;
  }
  return parts;
}
