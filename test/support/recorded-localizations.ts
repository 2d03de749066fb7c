import { join } from 'node:path'
import type { RecordedEnding } from './recorded-endings.ts'
import { recordedOrders } from './recorded-orders.ts'
import { newCustomer } from './stack-customer.ts'
import { makeSong } from './stack-media.ts'
import type { TestStack } from './stack.ts'

/** Brings localizations to each of their endings, on a stack with one worker, whose translator refuses
 * German the first time. */
export const recordedLocalizations = async ({
  stack,
  folder,
}: {
  readonly stack: TestStack
  readonly folder: string
}): Promise<RecordedEnding[]> => {
  const customer = await newCustomer(stack, { credits: 1_000 })
  const mediaId = (await customer.upload(await makeSong(join(folder, 'speech.wav'), 4))).body.id
  return await recordedOrders({
    stack,
    customer,
    pipeline: 'localize',
    path: '/v1/localizations',
    completes: { mediaId, languages: ['es', 'fr'] },
    lacksAtFirst: { mediaId, languages: ['es', 'de'] },
    isCanceled: { mediaId },
  })
}
