import { join } from 'node:path'
import type { RecordedEnding } from './recorded-endings.ts'
import { newCustomer, type Customer } from './stack-customer.ts'
import { ffmpeg } from './stack-media.ts'
import { encodingFor } from './stack-workers.ts'
import type { TestStack } from './stack.ts'

interface World {
  readonly stack: TestStack
  readonly folder: string
  /** Whether the speech server takes what it is sent. */
  readonly setSpeech: (answers: 'words' | 'refusal') => void
}

interface Accepted {
  readonly executionId: string
  readonly workflowId: string
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
  const order = (body: Record<string, unknown> = { mediaId }) => accepted(customer, body)

  setSpeech('words')
  const completed = await order()
  await customer.untilOver(completed.executionId)

  setSpeech('refusal')
  const retried = await order()
  await customer.untilOver(retried.executionId)
  setSpeech('words')
  await customer.call('POST', `/v1/executions/${retried.executionId}/retry`)
  await customer.until(retried.executionId, ({ status }) => status === 'completed')

  const failed = await order({ url: 'http://127.0.0.1:9/film.mp4' })
  await customer.untilOver(failed.executionId)

  stack.setSlow(true)
  const canceled = await order()
  const isOwner = (owner: string) => owner === canceled.executionId
  await encodingFor(stack, { isOwner, word: ' -re ' })
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await customer.untilOver(canceled.executionId)
  stack.setSlow(false)

  return [
    { workflowId: completed.workflowId, names: ['stream-completed'] },
    { workflowId: retried.workflowId, names: ['stream-partial', 'stream-retried'] },
    { workflowId: failed.workflowId, names: ['stream-failed'] },
    { workflowId: canceled.workflowId, names: ['stream-canceled'] },
  ]
}

const accepted = async (customer: Customer, body: Record<string, unknown>): Promise<Accepted> => {
  const answer = await customer.call<Accepted>('POST', '/v1/streams', { body })
  if (answer.status === 202) return answer.body
  throw new Error(`the order was answered ${answer.status}`)
}
