/** In which order conversations stand in the list: newest activity first, or by the reply window that closes next. */

/** What a row is ordered by, from its element's data. @param {DOMStringMap} data @param {string} order */
function place(data, order) {
  const closes = order === "closing" && data.waiting && data.closes ? Date.parse(data.closes) : Infinity;
  return [closes, -Date.parse(data.activity)];
}

/** Whether one row stands above another. @param {DOMStringMap} row @param {DOMStringMap} other @param {string} order */
export function isAbove(row, other, order) {
  const [closes, activity] = place(row, order);
  const [otherCloses, otherActivity] = place(other, order);
  return closes < otherCloses || (closes === otherCloses && activity < otherActivity);
}
