import { join } from 'node:path'
import type { RecordedEnding } from './recorded-endings.ts'
import { recordedOrders } from './recorded-orders.ts'
import { newCustomer } from './stack-customer.ts'
import { ffmpeg } from './stack-media.ts'
import type { TestStack } from './stack.ts'

interface World {
  readonly stack: TestStack
  readonly folder: string
  /** Whether the speech server takes what it is sent. */
  readonly setSpeech: (answers: 'words' | 'refusal') => void
}

/** So small that it is made in a moment, and long enough for a group that is published before the rest. */
const SECONDS = 62

/** Brings streams to each of their endings, on a stack with one worker. */
export const recordedStreams = async ({
  stack,
  folder,
  setSpeech,
}: World): Promise<RecordedEnding[]> => {
  const customer = await newCustomer(stack, { credits: 1_000 })
  const film = join(folder, 'film.mp4')
  const picture = `testsrc2=s=640x480:r=2:d=${SECONDS}`
  const sound = `sine=d=${SECONDS}`
  await ffmpeg('-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound, '-c:v', 'mpeg4', film)
  const mediaId = (await customer.upload(film)).body.id
  setSpeech('words')
  return await recordedOrders({
    stack,
    customer,
    pipeline: 'stream',
    path: '/v1/streams',
    completes: { mediaId },
    lacksAtFirst: { mediaId },
    setAway: (isAway) => setSpeech(isAway ? 'refusal' : 'words'),
    isCanceled: { mediaId },
  })
}
