/**
 * Frames on their way from the thread that draws to the one that feeds the encoder: a few slots of
 * shared memory, used in turn. A slot is `FREE` until it is drawn, then `FULL` until it is written.
 * The drawing thread sleeps in `waitFree`; that is all the back-pressure there is, and no frame is
 * copied or sent.
 */
export interface FrameRing {
  readonly states: Int32Array
  readonly slots: readonly Uint8Array[]
}

const FREE = 0
const FULL = 1

/** One being written, one waiting, one being drawn. */
const SLOT_COUNT = 3

export const createFrameRing = (frameBytes: number): FrameRing => ({
  states: new Int32Array(new SharedArrayBuffer(SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT)),
  slots: Array.from(
    { length: SLOT_COUNT },
    () => new Uint8Array(new SharedArrayBuffer(frameBytes)),
  ),
})

const slotIndex = (ring: FrameRing, sequence: number): number => sequence % ring.slots.length

export const slotFor = (ring: FrameRing, sequence: number): Uint8Array => {
  const slot = ring.slots[slotIndex(ring, sequence)]
  if (slot === undefined) throw new RangeError('a frame ring has no slots')
  return slot
}

/** Blocks the calling thread, which must not be the main one. */
export const waitFree = (ring: FrameRing, sequence: number): void => {
  Atomics.wait(ring.states, slotIndex(ring, sequence), FULL)
}

export const markFull = (ring: FrameRing, sequence: number): void => {
  Atomics.store(ring.states, slotIndex(ring, sequence), FULL)
  Atomics.notify(ring.states, slotIndex(ring, sequence))
}

export const markFree = (ring: FrameRing, sequence: number): void => {
  Atomics.store(ring.states, slotIndex(ring, sequence), FREE)
  Atomics.notify(ring.states, slotIndex(ring, sequence))
}

/** Resolves when the slot has been drawn, without blocking. */
export const untilFull = async (ring: FrameRing, sequence: number): Promise<void> => {
  await Atomics.waitAsync(ring.states, slotIndex(ring, sequence), FREE).value
}
