/** A stretch of a recording, in seconds. */
export interface Stretch {
  readonly startSeconds: number
  readonly endSeconds: number
}

/**
 * Parts a recording into pieces that are no longer than `pieceSecondsMax`, each cut in the middle of a
 * silence, as late as can be; where people never pause it is cut at the limit. The pieces are in order
 * and together are the recording.
 */
export const speechPieces = (
  durationSeconds: number,
  silences: readonly Stretch[],
  pieceSecondsMax: number,
): Stretch[] => {
  const middles = silences.map(({ startSeconds, endSeconds }) => (startSeconds + endSeconds) / 2)
  const pieces: Stretch[] = []
  let startSeconds = 0
  while (durationSeconds - startSeconds > pieceSecondsMax) {
    const latest = startSeconds + pieceSecondsMax
    // A cut soon after the last one would make many short pieces.
    const earliest = startSeconds + pieceSecondsMax / 2
    const from = startSeconds
    const cut = middles.findLast((middle) => middle > Math.max(from, earliest) && middle <= latest)
    const endSeconds = cut ?? latest
    pieces.push({ startSeconds, endSeconds })
    startSeconds = endSeconds
  }
  return [...pieces, { startSeconds, endSeconds: durationSeconds }]
}
