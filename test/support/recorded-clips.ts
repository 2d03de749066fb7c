import { join } from 'node:path'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { RecordedEnding } from './recorded-endings.ts'
import { newCustomer, type Customer } from './stack-customer.ts'
import { ffmpeg } from './stack-media.ts'
import { encodingFor } from './stack-workers.ts'
import type { TestStack } from './stack.ts'

/** Brings orders of clips to their endings, on a stack with one worker. */
export const recordedClips = async ({
  stack,
  folder,
}: {
  readonly stack: TestStack
  readonly folder: string
}): Promise<RecordedEnding[]> => {
  const customer = await newCustomer(stack, { credits: 1_000 })
  const film = join(folder, 'talk.mp4')
  const sources = ['testsrc2=s=320x240:r=10:d=14', 'sine=d=14']
  await ffmpeg(...sources.flatMap((source) => ['-f', 'lavfi', '-i', source]), '-c:v', 'mpeg4', film)
  const mediaId = (await customer.upload(film)).body.id
  const order = async (source: object) => {
    const limits = { count: 1, minSeconds: 5, maxSeconds: 6, format: 'square_1080' }
    const body = { ...source, ...limits }
    const answer = await customer.call<{ executionId: string; workflowId: string }>(
      'POST',
      '/v1/clips',
      { body },
    )
    return answer.body
  }

  const completed = await order({ mediaId })
  await customer.untilOver(completed.executionId)
  const changes = await recordedChanges(stack, customer, completed.executionId)
  const failed = await order({ url: 'http://127.0.0.1:9/talk.mp4' })
  await customer.untilOver(failed.executionId)
  const canceled = await order({ mediaId })
  const isScored = ({ steps }: ExecutionAnswer) =>
    steps.some(({ name, status }) => name === 'score' && status === 'completed')
  await customer.until(canceled.executionId, isScored)
  stack.setSlow(true)
  await encodingFor(stack, { isOwner: (owner) => owner === canceled.executionId, word: 'sendcmd' })
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await customer.untilOver(canceled.executionId)
  stack.setSlow(false)
  return [
    { workflowId: completed.workflowId, names: ['clip-completed'] },
    { workflowId: `${completed.workflowId}/clip-1`, names: ['clip-moment-completed'] },
    ...changes,
    { workflowId: failed.workflowId, names: ['clip-failed'] },
    { workflowId: canceled.workflowId, names: ['clip-canceled'] },
    { workflowId: `${canceled.workflowId}/clip-1`, names: ['clip-moment-canceled'] },
  ]
}

interface Ordered {
  readonly executionId: string
  readonly workflowId: string
}

/** Changes of the clip that an order has made: an edit, another moment, none left, and one canceled. */
const recordedChanges = async (
  stack: TestStack,
  customer: Customer,
  orderId: string,
): Promise<RecordedEnding[]> => {
  const { clipIds = [] } = await customer.execution(orderId)
  const change = async (how: string, body: object) =>
    (await customer.call<Ordered>('POST', `/v1/clips/${clipIds[0]}/${how}`, { body })).body

  const edited = await change('edit', { start: 0, end: 5, captions: false })
  await customer.untilOver(edited.executionId)
  const regenerated = await change('regenerate', {})
  await customer.untilOver(regenerated.executionId)
  const exhausted = await change('regenerate', {})
  await customer.untilOver(exhausted.executionId)
  stack.setSlow(true)
  const canceled = await change('edit', { format: 'vertical_1080' })
  await encodingFor(stack, { isOwner: (owner) => owner === canceled.executionId, word: 'sendcmd' })
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await customer.untilOver(canceled.executionId)
  stack.setSlow(false)
  return [
    { workflowId: edited.workflowId, names: ['recut-edited'] },
    { workflowId: regenerated.workflowId, names: ['recut-regenerated'] },
    { workflowId: exhausted.workflowId, names: ['recut-without-a-moment'] },
    { workflowId: canceled.workflowId, names: ['recut-canceled'] },
  ]
}
