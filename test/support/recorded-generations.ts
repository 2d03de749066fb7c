import { eventually } from './eventually.ts'
import type { FakeAsyncVideo } from './fake-async-video.ts'
import type { FakeFal } from './fake-fal.ts'
import { card, falImage, remoteVideo, thumbnail } from './generation-plans.ts'
import type { RecordedEnding } from './recorded-endings.ts'
import { newCustomer } from './stack-customer.ts'
import { plansOf } from './stack-generations.ts'
import type { TestStack } from './stack.ts'

/** Brings plans to each of their endings, on a stack with one worker whose providers these are. */
export const recordedGenerations = async ({
  stack,
  video,
  fal,
}: {
  readonly stack: TestStack
  readonly video: FakeAsyncVideo
  readonly fal: FakeFal
}): Promise<RecordedEnding[]> => {
  const customer = await newCustomer(stack, { credits: 10_000 })
  const { order, until, untilOver } = plansOf(customer)
  const ended = (executionId: string, ...endings: string[]): RecordedEnding => ({
    workflowId: `generate-${executionId}`,
    names: endings.map((ending) => `generate-${ending}`),
  })

  const completed = await order({
    jobs: [
      thumbnail('still', 'scene'),
      remoteVideo('scene', { imageId: 'image', prompt: 'A harbour' }),
      card('image', 'A harbour'),
    ],
  })
  await untilOver(completed.executionId)
  const cached = await order({ jobs: [card('image', 'A harbour'), card('same', 'A harbour')] })
  await untilOver(cached.executionId)

  fal.scripts.set('A refusal', { work: 'rejects' })
  const retried = await order({ jobs: [card('image', 'A card'), falImage('lake', 'A refusal')] })
  await untilOver(retried.executionId)
  fal.scripts.delete('A refusal')
  await customer.call('POST', `/v1/executions/${retried.executionId}/retry`)
  await until(retried.executionId, ({ status }) => status === 'completed')

  fal.scripts.set('A failure', { work: 'fails' })
  const failed = await order({ jobs: [falImage('lake', 'A failure')] })
  await untilOver(failed.executionId)

  fal.scripts.set('A lost order', { order: 'loses', times: 1 })
  const decided = await order({ jobs: [falImage('lake', 'A lost order')] })
  await until(decided.executionId, ({ waitingFor }) => waitingFor === 'a decision')
  await fetch(`${stack.apiUrl}/v1/admin/generations/${decided.executionId}/jobs/lake/decision`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ decision: 'repeat' }),
  })
  await untilOver(decided.executionId)

  const limited = await order({ jobs: [falImage('lake', 'A limit')], maxCredits: 1 })
  await until(limited.executionId, ({ waitingFor }) => waitingFor === 'a higher limit')
  const limit = { body: { maxCredits: 1_000 } }
  await customer.call('POST', `/v1/generations/${limited.executionId}/limit`, limit)
  await untilOver(limited.executionId)

  video.scripts.set('An endless river', { work: 'runs' })
  const canceled = await order({
    jobs: [
      card('image', 'A river'),
      remoteVideo('scene', { imageId: 'image', prompt: 'An endless river' }),
    ],
  })
  await eventually(() => {
    if (video.orders.some(({ input }) => input['prompt'] === 'An endless river')) return
    throw new Error('nothing was ordered')
  }, 60_000)
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await untilOver(canceled.executionId)

  return [
    ended(completed.executionId, 'completed'),
    ended(cached.executionId, 'cached'),
    ended(retried.executionId, 'partial', 'retried'),
    ended(failed.executionId, 'failed'),
    ended(decided.executionId, 'decided'),
    ended(limited.executionId, 'limit-raised'),
    ended(canceled.executionId, 'canceled'),
  ]
}
