/** How far into the picture the move goes, and where it begins: something moves at the edges at once. */
const ZOOM = { from: 1.03, to: 1.16 } as const
/** Where the middle of the view moves to, in parts of the room that the zoom gives. */
const WAYS = [
  { x: 0.5, y: 0.3 },
  { x: -0.5, y: 0.3 },
  { x: 0.35, y: -0.5 },
  { x: -0.35, y: -0.5 },
] as const

/** What is seen of a picture, in parts of its sides. */
export interface View {
  readonly left: number
  readonly top: number
  /** Of the width and of the height. */
  readonly share: number
}

/**
 * What a slow move over a picture shows in a frame: it begins and ends gently. The seed decides on the
 * way, and whether it goes in or out. *Guarantee:* the view lies within the picture.
 */
export const viewAt = (frame: number, frames: number, seed: number): View => {
  const way = WAYS[(seed >>> 1) % WAYS.length] ?? WAYS[0]
  const at = frame / Math.max(1, frames - 1)
  const eased = at * at * (3 - 2 * at)
  const progress = seed % 2 === 0 ? eased : 1 - eased
  const share = 1 / (ZOOM.from + (ZOOM.to - ZOOM.from) * progress)
  const room = (1 - share) / 2
  const turn = progress * 2 - 1
  return { share, left: room * (1 + way.x * turn), top: room * (1 + way.y * turn) }
}
