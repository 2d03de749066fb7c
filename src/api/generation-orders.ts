/** Taking orders for plans, whatever dialect they come in. */

import type { FastifyRequest } from 'fastify'
import type { Generation, GenerationJob } from '../db/repositories/generations.ts'
import { MediaError } from '../domain/failures.ts'
import type { PlanEstimate } from '../domain/generation/estimate.ts'
import type { Finding } from '../domain/generation/finding.ts'
import { unchangedJobs } from '../domain/generation/fork.ts'
import type { GenerationPlan, JobResult } from '../domain/generation/plan.ts'
import { isHalfExpanded } from '../domain/generation/scenes.ts'
import { isId, type ExecutionId } from '../domain/ids.ts'
import { judgePlan } from './judge-plan.ts'
import { nearestName } from './nearest-name.ts'
import { admitOrder } from './pipeline-orders.ts'
import { accountOf } from './plugins/authentication.ts'
import { newId } from './plugins/idempotency.ts'
import { FailureWithFacts } from './problem.ts'
import type { RouteContext } from './routes/route-context.ts'

export type StoredPlan = Generation & { readonly jobs: readonly GenerationJob[] }

export interface NewGenerationOrder {
  /** As it came, in one of the two forms. */
  readonly body: Readonly<Record<string, unknown>>
  readonly priority?: number | undefined
  /** The plan that this one changes; null: none, unless the body names one. */
  readonly base?: StoredPlan | null
  /** Jobs that are made anew whatever there is of them. */
  readonly fresh?: readonly string[]
  readonly webhook?: { readonly url: string; readonly sealedSecret: string | null } | null
}

/** A plan that may be ordered. */
interface JudgedOrder {
  readonly plan: GenerationPlan
  /** Warnings alone. */
  readonly findings: readonly Finding[]
  /** Of what is not kept. */
  readonly estimate: PlanEstimate
  readonly base: StoredPlan | null
  /** What is kept of the plan before, by the ids of jobs. */
  readonly kept: ReadonlyMap<string, JobResult>
}

const refused = (path: string, message: string, fix: string): MediaError =>
  new MediaError('INPUT_INVALID', 'refused plan', { problems: [{ path, message, fix }] })

const COST_RULES: ReadonlySet<string> = new Set(['cost-over-limit', 'credits-insufficient'])

/** A plan with errors: all of them at once. If only keys of providers are missing, that is the server's
 * business and not the plan's. */
const refusedPlan = (
  findings: readonly Finding[],
  estimate: PlanEstimate | null,
): FailureWithFacts => {
  const errors = findings.filter(({ severity }) => severity === 'error')
  const lacksKeys =
    errors.length > 0 && errors.every(({ rule }) => rule === 'provider-not-configured')
  const problems = errors.map(({ path, message, fix }) => ({ path, message, fix }))
  const facts = { findings, estimate }
  return new FailureWithFacts(
    lacksKeys ? 'NOT_CONFIGURED' : 'INPUT_INVALID',
    `a plan with ${errors.length} errors`,
    facts,
    problems,
  )
}

/** The plan that a body names as the one that it changes. *Errors:* INPUT_INVALID. */
const namedBase = async (
  { repositories }: RouteContext,
  request: FastifyRequest,
  { baseExecutionId: id }: NewGenerationOrder['body'],
): Promise<StoredPlan | null> => {
  if (id === undefined || id === null) return null
  const known = typeof id === 'string' && isId('execution', id)
  const found = known ? await repositories.generations.find(accountOf(request).id, id) : null
  if (found !== null) return found
  throw refused('baseExecutionId', 'names no generation of yours', 'Leave it out, or correct it.')
}

const without = (estimate: PlanEstimate, kept: ReadonlyMap<string, JobResult>): PlanEstimate => {
  const jobs = estimate.jobs.map((job) =>
    kept.has(job.jobId) ? { ...job, lowerCredits: 0, upperCredits: 0 } : job,
  )
  const sum = (field: 'lowerCredits' | 'upperCredits') =>
    jobs.reduce((total, job) => total + job[field], 0)
  return { jobs, lowerCredits: sum('lowerCredits'), upperCredits: sum('upperCredits') }
}

/** The text of an expansion that did not come to its end is not kept but found again by its content, and so
 * are scenes that were made: what the others cost is held. */
const keptOf = (
  base: StoredPlan | null,
  plan: GenerationPlan,
  fresh: readonly string[],
): ReadonlyMap<string, JobResult> => {
  if (base === null) return new Map()
  const before = base.jobs.map(({ job }) => job)
  const unchanged = unchangedJobs(before, plan.jobs, new Set(fresh))
  return new Map(
    base.jobs.flatMap(({ jobId, job, result }) => {
      const isWhole = result !== null && !isHalfExpanded(job, result)
      return isWhole && unchanged.has(jobId) ? [[jobId, result] as const] : []
    }),
  )
}

/** Whether a finding still says something, where results are kept: what is said of the cost is said of the
 * whole plan, and nobody fetches the sources of a job that is not made again. */
const stillHolds = ({ rule, jobId }: Finding, kept: ReadonlyMap<string, JobResult>): boolean => {
  if (kept.size === 0) return true
  if (COST_RULES.has(rule)) return false
  return rule !== 'source-unreachable' || jobId === null || !kept.has(jobId)
}

/** Judges a plan before anything is held. *Errors:* INPUT_INVALID or NOT_CONFIGURED, with all findings. */
export const judgeOrder = async (
  context: RouteContext,
  request: FastifyRequest,
  order: NewGenerationOrder,
): Promise<JudgedOrder> => {
  const { body, fresh = [] } = order
  const base = order.base ?? (await namedBase(context, request, body))
  const { plan, findings: all, estimate } = await judgePlan(context, request, body)
  const kept = plan === null ? new Map<string, JobResult>() : keptOf(base, plan, fresh)
  const findings = all.filter((finding) => stillHolds(finding, kept))
  const isRefused = findings.some(({ severity }) => severity === 'error')
  if (plan === null || estimate === null || isRefused) throw refusedPlan(findings, estimate)
  const known = plan.jobs.map(({ id }) => id)
  const unknown = fresh.find((id) => !known.includes(id))
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, known)
    const fix = nearest === null ? 'Name jobs by their ids.' : `Did you mean ${nearest}?`
    throw refused('from', `names no job of the plan: ${unknown}`, fix)
  }
  return { plan, findings, estimate: without(estimate, kept), base, kept }
}

/**
 * Judges a plan, writes it down and orders it. *Idempotent* by the request's key. *Errors:* those of
 * `judgeOrder`; INSUFFICIENT_CREDITS with the figures; TEMPORAL_UNAVAILABLE.
 */
export const orderGeneration = async (
  context: RouteContext,
  request: FastifyRequest,
  order: NewGenerationOrder,
) => {
  const { plan, findings, estimate, base, kept } = await judgeOrder(context, request, order)
  const executionId: ExecutionId = newId(request, 'execution')
  const upperCredits = new Map(estimate.jobs.map((job) => [job.jobId, job.upperCredits]))
  await context.repositories.generations.store({
    executionId,
    accountId: accountOf(request).id,
    body: order.body,
    maxCredits: plan.maxCredits,
    baseExecutionId: base?.executionId ?? null,
    webhook: order.webhook ?? null,
    jobs: plan.jobs.map((job) => ({
      job,
      upperCredits: upperCredits.get(job.id) ?? 0,
      result: kept.get(job.id) ?? null,
      isFresh: order.fresh?.includes(job.id) ?? false,
    })),
  })
  const { workflowId, creditsHeld } = await admitOrder(context, request, {
    pipeline: 'generate',
    executionId,
    subjectId: executionId,
    priority: order.priority,
    input: {},
  })
  return {
    executionId,
    workflowId,
    status: 'pending' as const,
    creditsHeld,
    estimate,
    findings,
    reusedJobs: [...kept.keys()],
  }
}
