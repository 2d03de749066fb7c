import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { GenerationAnswer } from '../src/contracts/http/generations/generation.ts'
import { startFakeAsyncVideo, type FakeAsyncVideo } from '../test/support/fake-async-video.ts'
import { videoName } from '../test/support/fake-model-media.ts'
import { card, merge, remoteVideo } from '../test/support/generation-plans.ts'
import { newCustomer, type Customer } from '../test/support/stack-customer.ts'
import { plansOf, type AcceptedPlan } from '../test/support/stack-generations.ts'
import { atLeast, atMost, type Figure } from './figure.ts'
import { planByHand } from './plan-by-hand.ts'
import type { Measure, Run } from './run.ts'
import { bounded, median, percentile } from './samples.ts'

const PATH_GOAL = 1.15
const SECOND_RUN_GOAL = 0.05
/** Calls against those that are allowed; what was handed out in time may arrive a moment later. */
const RATE_GOAL = 1.05
/** What the accounts with one plan wait, against the account that has ordered nearly all. */
const FAIRNESS_GOAL = 2

const WORK_SECONDS = 2
/** Enough for one plan, whose eight orders come at once, and far too little for a crowd. */
const REQUESTS_PER_SECOND = 8
/** The limiter is a bucket: after a pause a second's worth may come at once, and no more than that. */
const WINDOW_SECONDS = 10
const WINDOW_CALLS_MAX = REQUESTS_PER_SECOND * (WINDOW_SECONDS + 1)
const PLENTY_CREDITS = 1_000_000
/** As the SDK waits: seldom, the longer it takes. */
const QUESTION_MS = 250
const QUESTION_MS_MAX = 2_000

interface World {
  readonly fake: FakeAsyncVideo
  readonly customer: () => Promise<Customer>
  readonly stop: () => Promise<void>
}

/** An API, one worker with a slot for each merge of a plan, and a provider on loopback. */
const startWorld = async (run: Run): Promise<World> => {
  const stack = await run.stack()
  const fake = await startFakeAsyncVideo()
  stack.stopLater(fake.close)
  const env = {
    ASYNC_VIDEO_BASE_URL: fake.baseUrl,
    ASYNC_VIDEO_API_KEY: fake.apiKey,
    ASYNC_VIDEO_WEBHOOK_SECRET: fake.webhookSecret,
    ASYNC_VIDEO_SIGNATURE_HEADER: fake.signatureHeader,
    ASYNC_VIDEO_REQUESTS_PER_SECOND: String(REQUESTS_PER_SECOND),
    ASYNC_VIDEO_CONCURRENCY: '20',
    SPOOL_MEDIA_SLOTS: '4',
  }
  const { apiUrl } = await stack.startApi(env)
  const worker = await stack.startWorker({ env: { ...env, SPOOL_PUBLIC_URL: apiUrl } })
  const adminKey = stack.config.settings.SPOOL_ADMIN_KEY
  return {
    fake,
    customer: () => newCustomer({ apiUrl, adminKey }, { credits: PLENTY_CREDITS }),
    stop: worker.stop,
  }
}

const finished = (run: GenerationAnswer): GenerationAnswer => {
  if (run.status === 'completed') return run
  throw new Error(`a plan ended ${run.status}: ${JSON.stringify(run.error)}`)
}

/** No two videos are equal, or their merges would be one. */
const VIDEO_SECONDS = Array.from({ length: 8 }, (_, n) => 2 + n / 10)

/** Eight videos, none of which needs another, and four merges of two each. */
const eightAndFour = (mark: string) => ({
  jobs: [
    ...VIDEO_SECONDS.map((seconds, n) =>
      remoteVideo(`video-${n}`, { prompt: `${mark} ${n}`, durationSeconds: seconds }),
    ),
    ...Array.from({ length: 4 }, (_, n) =>
      merge(`film-${n}`, [`video-${2 * n}`, `video-${2 * n + 1}`]),
    ),
  ],
})

/** As clients do it: with a key, so that an order can be repeated that was answered with "not now". */
const ordered = async (customer: Customer, plan: object): Promise<string> => {
  const headers = { 'idempotency-key': randomUUID() }
  for (;;) {
    const options = { body: plan, headers }
    const answer = await customer.call<AcceptedPlan>('POST', '/v1/generations', options)
    if (answer.status === 202) return answer.body.executionId
    if (answer.status !== 503) throw new Error(`answered ${answer.status} to a plan`)
    await delay(QUESTION_MS)
  }
}

/** Runs a plan to its end, asking now and then: questions cost the API what the plan needs. */
const through = async (customer: Customer, plan: object) => {
  const { read } = plansOf(customer)
  const orderedAtMs = Date.now()
  const executionId = await ordered(customer, plan)
  for (let waitMs = QUESTION_MS; ; waitMs = Math.min(waitMs * 1.5, QUESTION_MS_MAX)) {
    const over = await read(executionId)
    if (over.finishedAt !== null) {
      return { over: finished(over), seconds: (Date.parse(over.finishedAt) - orderedAtMs) / 1000 }
    }
    await delay(waitMs)
  }
}

const measurePath = async (run: Run, world: World): Promise<Figure[]> => {
  world.fake.scripts.set('', { workMs: WORK_SECONDS * 1000 })
  await through(await world.customer(), eightAndFour(randomUUID()))
  const stack = await run.stack()
  const videoUrls = VIDEO_SECONDS.map((seconds) =>
    new URL(`/files/${videoName(seconds)}`, world.fake.baseUrl).toString(),
  )
  const byHand = (count: number) =>
    planByHand(stack, { videoUrls: videoUrls.slice(0, count), workSeconds: WORK_SECONDS })
  const samples: { first: number; all: number; path: number; second: number }[] = []
  for (let sample = 0; sample < (run.quick ? 2 : 5); sample += 1) {
    // What an account has made before is not made again, and the videos are the same in each plan.
    const customer = await world.customer()
    const plan = eightAndFour(randomUUID())
    const { seconds: first } = await through(customer, plan)
    const all = await byHand(videoUrls.length)
    const path = await byHand(2)
    const asked = world.fake.requests.length
    const { seconds: second } = await through(customer, plan)
    if (world.fake.requests.length !== asked) throw new Error('the second run asked the provider')
    samples.push({ first, all, path, second })
  }
  const of = (name: 'first' | 'all' | 'path' | 'second') =>
    median(samples.map((each) => each[name]))
  const ratio = (what: 'first' | 'second', over: 'all' | 'path' | 'first') =>
    median(samples.map((each) => each[what] / each[over]))
  const name = `generations: 8 jobs of ${WORK_SECONDS} s and 4 merges`
  const ours = `${of('first').toFixed(2)} s`
  return [
    {
      ...{ name, ours, yardstick: `${of('all').toFixed(2)} s by hand` },
      ...atMost(ratio('first', 'all'), PATH_GOAL),
    },
    {
      ...{ name, ours, yardstick: `${of('path').toFixed(2)} s its longest way alone, by hand` },
      // Four merges at once do not take the time of one where there are two cores.
      ...{ ratio: ratio('first', 'path').toFixed(2), goal: '', met: true },
    },
    {
      name: 'generations: the same plan again, no provider asked',
      ours: `${(of('second') * 1000).toFixed(0)} ms`,
      yardstick: `${of('first').toFixed(2)} s first run`,
      ...atMost(ratio('second', 'first'), SECOND_RUN_GOAL),
    },
  ]
}

/** The most calls that a provider got within any stretch of the window's length. */
const mostInAWindow = (timesMs: readonly number[]): number => {
  let [most, from] = [0, 0]
  for (const [index, atMs] of timesMs.entries()) {
    while (atMs - timesMs[from]! >= WINDOW_SECONDS * 1_000) from += 1
    most = Math.max(most, index - from + 1)
  }
  return most
}

/** One account orders nearly all plans, and ten others one each, when the queue is full already. */
const measureCrowd = async (run: Run, world: World): Promise<Figure[]> => {
  const [planCount, jobCount] = run.quick ? [40, 5] : [100, 10]
  const strangers = 10
  world.fake.scripts.set('', { workMs: 200 })
  const plan = () => {
    const mark = randomUUID()
    const videos = Array.from({ length: jobCount - 1 }, (_, n) =>
      remoteVideo(`video-${n}`, { imageId: 'image', prompt: `${mark} ${n}` }),
    )
    return { jobs: [card('image', mark), ...videos] }
  }
  const timesMs: number[] = []
  const push = world.fake.requests.length
  const crowd = await world.customer()
  const others = await Promise.all(Array.from({ length: strangers }, () => world.customer()))
  const secondsOfPlan = async (customer: Customer) => (await through(customer, plan())).seconds
  const took: { crowd: number[]; others: number[] } = { crowd: [], others: [] }
  const orders = Array.from({ length: planCount - strangers }, () => crowd)
  const all = bounded(orders.length, orders, async (customer) => {
    took.crowd.push(await secondsOfPlan(customer))
  })
  const rest = bounded(strangers, others, async (customer) => {
    took.others.push(await secondsOfPlan(customer))
  })
  await Promise.all([all, rest])
  for (const { atMs, url } of world.fake.requests.slice(push)) {
    if (!url.pathname.startsWith('/files/')) timesMs.push(atMs)
  }
  const most = mostInAWindow(timesMs)
  const [crowdSeconds, otherSeconds] = [percentile(took.crowd, 0.95), percentile(took.others, 0.95)]
  return [
    {
      name: `generations: ${planCount} plans of ${jobCount} jobs, calls in any ${WINDOW_SECONDS} s`,
      ours: `${most} calls`,
      yardstick: `${WINDOW_CALLS_MAX} allowed`,
      ...atMost(most / WINDOW_CALLS_MAX, RATE_GOAL),
    },
    {
      name: `generations: one account has ${planCount - strangers} of them, ten have one`,
      ours: `${otherSeconds.toFixed(1)} s p95 of the ten`,
      yardstick: `${crowdSeconds.toFixed(1)} s p95 of the one`,
      ...atLeast(crowdSeconds / otherSeconds, FAIRNESS_GOAL),
    },
  ]
}

/** Plans over a provider on loopback: how much is lost between the jobs, what a repetition costs, whether
 * the provider's limit holds, and whether a crowd shuts others out. */
export const measure: Measure = async (run) => {
  const world = await startWorld(run)
  try {
    return [...(await measurePath(run, world)), ...(await measureCrowd(run, world))]
  } finally {
    await world.stop()
  }
}
