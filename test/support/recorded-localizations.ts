import { join } from 'node:path'
import type { RecordedEnding } from './recorded-endings.ts'
import { newCustomer, type Customer } from './stack-customer.ts'
import { makeSong } from './stack-media.ts'
import { encodingFor } from './stack-workers.ts'
import type { TestStack } from './stack.ts'

interface Accepted {
  readonly executionId: string
  readonly workflowId: string
}

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
  const order = (body: Record<string, unknown>) => accepted(customer, body)

  const completed = await order({ mediaId, languages: ['es', 'fr'] })
  await customer.untilOver(completed.executionId)

  const retried = await order({ mediaId, languages: ['es', 'de'] })
  await customer.untilOver(retried.executionId)
  await customer.call('POST', `/v1/executions/${retried.executionId}/retry`)
  await customer.until(retried.executionId, ({ status }) => status === 'completed')

  const failed = await order({ url: 'http://127.0.0.1:9/film.mp4' })
  await customer.untilOver(failed.executionId)

  stack.setSlow(true)
  const canceled = await order({ mediaId })
  const isOwner = (owner: string) => owner === canceled.executionId
  await encodingFor(stack, { isOwner, word: ' -re ' })
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await customer.untilOver(canceled.executionId)
  stack.setSlow(false)

  return [
    { workflowId: completed.workflowId, names: ['localize-completed'] },
    { workflowId: retried.workflowId, names: ['localize-partial', 'localize-retried'] },
    { workflowId: failed.workflowId, names: ['localize-failed'] },
    { workflowId: canceled.workflowId, names: ['localize-canceled'] },
  ]
}

const accepted = async (customer: Customer, body: Record<string, unknown>): Promise<Accepted> => {
  const answer = await customer.call<Accepted>('POST', '/v1/localizations', { body })
  if (answer.status === 202) return answer.body
  throw new Error(`the order was answered ${answer.status}`)
}
