import { join } from 'node:path'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { RecordedEnding } from './recorded-endings.ts'
import { newCustomer } from './stack-customer.ts'
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
    { workflowId: failed.workflowId, names: ['clip-failed'] },
    { workflowId: canceled.workflowId, names: ['clip-canceled'] },
    { workflowId: `${canceled.workflowId}/clip-1`, names: ['clip-moment-canceled'] },
  ]
}
