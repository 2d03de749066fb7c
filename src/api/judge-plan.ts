import type { FastifyRequest } from 'fastify'
import { LOCAL_PROVIDER } from '../domain/generation/model-queue.ts'
import { estimatePlan, type PlanEstimate } from '../domain/generation/estimate.ts'
import type { Finding } from '../domain/generation/finding.ts'
import { lintPlan } from '../domain/generation/lint-plan.ts'
import type { SourceProblem } from '../domain/generation/lint/lint-subject.ts'
import type { MediumFacts } from '../domain/generation/medium-facts.ts'
import type { GenerationPlan, ModelChoice, PlanJob } from '../domain/generation/plan.ts'
import { inputsOf } from '../domain/generation/sources.ts'
import { isId } from '../domain/ids.ts'
import type { Media } from '../db/repositories/media.ts'
import { nearestName } from './nearest-name.ts'
import { accountOf } from './plugins/authentication.ts'
import { readPlan, type PlanReading } from './read-plan.ts'
import type { RouteContext } from './routes/route-context.ts'

export interface PlanJudgement {
  /** Null: it cannot be read; what can be has its findings all the same. */
  readonly plan: GenerationPlan | null
  readonly findings: readonly Finding[]
  /** Null: there is nothing in it to be priced. */
  readonly estimate: PlanEstimate | null
}

/** The setting by which each provider is set up. */
const PROVIDER_SETTINGS: Readonly<Record<string, string>> = {
  replicate: 'REPLICATE_API_TOKEN',
  fal: 'FAL_KEY',
  elevenlabs: 'ELEVENLABS_API_KEY',
  openai: 'OPENAI_API_KEY',
  'async-video': 'ASYNC_VIDEO_BASE_URL',
}

/** The setting without which this server cannot ask for a choice; null: it can. */
export const missingSettingOf =
  ({ modelProviders, missingEngines }: RouteContext['settings']) =>
  ({ model, provider }: ModelChoice): string | null => {
    if (provider !== LOCAL_PROVIDER) {
      return modelProviders.includes(provider) ? null : (PROVIDER_SETTINGS[provider] ?? null)
    }
    if (model === 'local/speech') return missingEngines.speech
    return model === 'local/translator' ? missingEngines.translation : null
  }

/** Each costs a look-up of a name and a request; a plan of more is judged by its first. */
const SOURCES_CHECKED_MAX = 40

/** Everything outside that jobs are made from, each once. */
const sourcesOf = (jobs: readonly PlanJob[]) => {
  const sources = jobs.flatMap((job) => inputsOf(job).map(({ source }) => source))
  return {
    urls: [...new Set(sources.flatMap((source) => (source.from === 'url' ? [source.url] : [])))],
    mediaIds: [
      ...new Set(sources.flatMap((source) => (source.from === 'medium' ? [source.mediaId] : []))),
    ],
  }
}

const problemsOf = async (
  { checkSource }: RouteContext,
  urls: readonly string[],
): Promise<ReadonlyMap<string, SourceProblem>> => {
  const checked = await Promise.all(
    urls
      .slice(0, SOURCES_CHECKED_MAX)
      .map(async (url) => ({ url, problem: await checkSource(url) })),
  )
  return new Map(
    checked.flatMap(({ url, problem }) => (problem === null ? [] : [[url, problem] as const])),
  )
}

const factsOf = ({ kind, durationSeconds, streams }: Media): MediumFacts => {
  const picture = streams.find((stream) => stream.kind === 'video')
  return {
    media: kind,
    durationSeconds: kind === 'image' ? null : durationSeconds,
    widthPx: picture?.widthPx ?? null,
    heightPx: picture?.heightPx ?? null,
    frameRate: kind === 'video' ? (picture?.frameRate ?? null) : null,
  }
}

const mediaFacts = async (
  { repositories }: RouteContext,
  request: FastifyRequest,
  mediaIds: readonly string[],
): Promise<ReadonlyMap<string, MediumFacts>> => {
  const account = accountOf(request)
  const found = await Promise.all(
    mediaIds.map(async (id) =>
      isId('media', id) ? repositories.media.find(account.id, id) : null,
    ),
  )
  return new Map(found.flatMap((medium) => (medium === null ? [] : [[medium.id, factsOf(medium)]])))
}

/** A job with those alone whom this server can ask, unless there are none: those are findings. */
const askable = (job: PlanJob, isConfigured: (choice: ModelChoice) => boolean): PlanJob => {
  if (!('choices' in job)) return job
  const choices = job.choices.filter(isConfigured)
  return choices.length === 0 ? job : { ...job, choices }
}

const inBody = ({ locate }: PlanReading, finding: Finding): Finding =>
  finding.jobId === null ? finding : { ...finding, path: locate(finding.jobId, finding.path) }

/**
 * Reads a plan and says everything about it: what is wrong, what might be better, and what it will cost.
 * *Guarantee:* nothing is held, ordered or kept, and whatever is given is answered with findings.
 */
export const judgePlan = async (
  context: RouteContext,
  request: FastifyRequest,
  body: unknown,
): Promise<PlanJudgement> => {
  const { settings, repositories } = context
  const missingSetting = missingSettingOf(settings)
  const isConfigured = (choice: ModelChoice) => missingSetting(choice) === null
  const reading = readPlan(body, { isConfigured, jobsMax: settings.planJobsMax })
  const { jobs, jobIds, namesFallbacks, maxCredits } = reading
  if (jobs.length === 0) return { plan: null, findings: reading.findings, estimate: null }
  const account = accountOf(request)
  const { urls, mediaIds } = sourcesOf(jobs)
  const [facts, sourceProblems, credits] = await Promise.all([
    mediaFacts(context, request, mediaIds),
    problemsOf(context, urls),
    repositories.ledger.balance(account.id),
  ])
  const mediumOf = (mediaId: string) => facts.get(mediaId) ?? null
  const asked = jobs.map((job) => askable(job, isConfigured))
  const estimate = estimatePlan(asked, { plan: account.plan, mediumOf })
  const found = lintPlan({
    ...{ jobs, jobIds, namesFallbacks, maxCredits, estimate, missingSetting, mediumOf },
    ...{ sourceProblems, availableCredits: credits.available, nearest: nearestName },
  })
  const findings = [...reading.findings, ...found.map((finding) => inBody(reading, finding))]
  const plan = reading.plan === null ? null : { ...reading.plan, jobs: asked }
  return { plan, findings, estimate }
}
