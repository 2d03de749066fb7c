import type { GenerationAnswer } from '../../src/contracts/http/generations/generation.ts'
import { isExecutionOver } from '../../src/domain/statuses.ts'
import { eventually } from './eventually.ts'
import type { FakeAsyncVideo } from './fake-async-video.ts'
import type { FakeFal } from './fake-fal.ts'
import type { Customer } from './stack-customer.ts'

/** What was answered to an order of a plan. */
export interface AcceptedPlan {
  readonly executionId: string
  readonly creditsHeld: number
  readonly estimate: { readonly lowerCredits: number; readonly upperCredits: number }
  readonly reusedJobs: readonly string[]
}

/** The settings by which a stack calls these fakes, and hears of them soon when a webhook is lost. */
export const settingsOfFakes = (fakes: {
  readonly video: FakeAsyncVideo
  readonly fal: FakeFal
}): Record<string, string> => ({
  ASYNC_VIDEO_BASE_URL: fakes.video.baseUrl,
  ASYNC_VIDEO_API_KEY: fakes.video.apiKey,
  ASYNC_VIDEO_WEBHOOK_SECRET: fakes.video.webhookSecret,
  ASYNC_VIDEO_SIGNATURE_HEADER: fakes.video.signatureHeader,
  FAL_KEY: fakes.fal.apiKey,
  FAL_BASE_URL: fakes.fal.baseUrl,
  FAL_JWKS_URL: fakes.fal.jwksUrl,
})

/** A customer's plans. */
export const plansOf = (customer: Customer) => {
  const order = async (plan: object, path = '/v1/generations'): Promise<AcceptedPlan> => {
    const answer = await customer.call<AcceptedPlan>('POST', path, { body: plan })
    if (answer.status === 202) return answer.body
    throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body, null, 1)}`)
  }
  const read = async (id: string): Promise<GenerationAnswer> => {
    const answer = await customer.call<GenerationAnswer>('GET', `/v1/generations/${id}`)
    if (answer.status === 200) return answer.body
    throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  }
  const until = (
    id: string,
    reached: (run: GenerationAnswer) => boolean,
    timeoutMs = 60_000,
  ): Promise<GenerationAnswer> =>
    eventually(async () => {
      const run = await read(id)
      if (reached(run)) return run
      throw new Error(`${id} is ${JSON.stringify(run, null, 1)}`)
    }, timeoutMs)
  const untilOver = (id: string, timeoutMs?: number) =>
    until(id, ({ status }) => isExecutionOver(status), timeoutMs)
  return { order, read, until, untilOver }
}

/** What the jobs that were made have cost, as each of them says. */
export const creditsOf = ({ jobs }: GenerationAnswer): number =>
  jobs.filter(({ status }) => status === 'completed').reduce((sum, { credits }) => sum + credits, 0)
