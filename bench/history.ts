import { createVideo, makeSong, orderRender, uploadMedium } from './customer.ts'
import type { Measure } from './run.ts'

const EVENTS_MAX = 150
const PAYLOAD_BYTES_MAX = 32 * 1024

/** The history that one plain render leaves in Temporal. */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const mediaId = await uploadMedium(stack, await makeSong(stack, 5))
  const worker = await stack.startWorker()
  try {
    const { workflowId } = await orderRender(stack, await createVideo(stack, mediaId, 3))
    const handle = stack.temporal.workflow.getHandle(workflowId)
    await handle.result()
    const { events } = await handle.fetchHistory()
    const eventCount = events?.length ?? 0
    const largestBytes = Math.max(...payloadSizes(events))
    return [
      {
        name: 'history: events of one render',
        ours: String(eventCount),
        yardstick: '',
        ratio: '',
        goal: `≤ ${EVENTS_MAX}`,
        met: eventCount <= EVENTS_MAX,
      },
      {
        name: 'history: largest payload',
        ours: `${largestBytes} bytes`,
        yardstick: '',
        ratio: '',
        goal: '≤ 32 KB',
        met: largestBytes <= PAYLOAD_BYTES_MAX,
      },
    ]
  } finally {
    await worker.stop()
  }
}

/** Of every payload, wherever in an event it stands: an object with `metadata` and bytes in `data`. */
const payloadSizes = (value: unknown): number[] => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const own = 'data' in value && value.data instanceof Uint8Array ? [value.data.byteLength] : []
  return [...own, ...Object.values(value).flatMap(payloadSizes)]
}
