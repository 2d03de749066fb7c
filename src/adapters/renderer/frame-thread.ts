/** The thread that draws: its own, so that heartbeats and webhooks do not wait for pictures. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'

import type { FrameRange } from './encoder.ts'
import type { FrameRing } from './frame-ring.ts'
import { markFull, slotFor, waitFree } from './frame-ring.ts'
import type { SceneInput } from './scene.ts'
import { createScene } from './scene.ts'

export interface FrameThreadData {
  readonly input: SceneInput
  readonly range: FrameRange
  readonly ring: FrameRing
}

const { input, range, ring } = workerData as FrameThreadData
const scene = await createScene(input)
for (let sequence = 0; sequence < range.frameCount; sequence += 1) {
  waitFree(ring, sequence)
  scene.drawFrame(range.firstFrame + sequence, slotFor(ring, sequence))
  markFull(ring, sequence)
  await nextTurn()
}
