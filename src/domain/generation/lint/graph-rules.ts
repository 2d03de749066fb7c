/** References and circles. */

import type { Finding } from '../finding.ts'
import { mainResult, planGraph, planOrder, resultJobs } from '../graph.ts'
import { madeMedia, mediaOfUrl } from '../made-media.ts'
import { findModel } from '../models/table.ts'
import type { JobMedia } from '../operations.ts'
import type { PlanJob } from '../plan.ts'
import { inputsOf, type JobInput } from '../sources.ts'
import { meant, quoted, type LintRule, type LintSubject } from './lint-subject.ts'

/** References to jobs, and waits for jobs, that are not there. */
export const danglingReferences: LintRule = (subject) => {
  const known = [...subject.jobIds]
  return subject.jobs.flatMap((job) => {
    const references = inputsOf(job).flatMap(({ source, path }) =>
      source.from === 'job' ? [{ jobId: source.jobId, path, rule: 'reference-dangling' }] : [],
    )
    const waits = job.dependsOn.map((jobId, index) => ({
      ...{ jobId, path: `dependsOn.${index}`, rule: 'dependency-dangling' },
    }))
    return [...references, ...waits]
      .filter(({ jobId }) => !subject.jobIds.has(jobId))
      .map(({ jobId, path, rule }): Finding => ({
        ...{ rule, severity: 'error', jobId: job.id, path },
        message: `There is no job ${quoted(jobId)}.`,
        fix: meant(subject, jobId, known),
      }))
  })
}

/** Jobs that wait for each other. */
export const circles: LintRule = ({ jobs }) => {
  const order = planOrder(planGraph(jobs))
  if ('order' in order) return []
  const [first = ''] = order.cycle
  const around = order.cycle.length > 8 ? [...order.cycle.slice(0, 7), '…'] : order.cycle
  return [
    {
      ...{ rule: 'cycle', severity: 'error', jobId: first, path: 'params' },
      message:
        order.cycle.length === 1
          ? 'The job needs its own result.'
          : `These jobs wait for each other: ${[...around, first].join(' → ')}.`,
      fix: 'Take one of the references out.',
    },
  ]
}

const A: Readonly<Record<JobMedia, string>> = {
  video: 'a video',
  image: 'an image',
  audio: 'audio',
  text: 'a text',
  transcript: 'a transcript',
}

const anyOf = (media: readonly JobMedia[]): string => media.map((each) => A[each]).join(' or ')

/** What may stand in an input, where the model that gets it is pickier than its operation. */
const expectedOf = (job: PlanJob, { path, expects }: JobInput): readonly JobMedia[] => {
  if (!('choices' in job) || job.operation === 'expand') return expects
  const [choice] = job.choices
  const rule = findModel(choice?.model ?? '')?.takes[path.split('.')[1] ?? '']
  return rule?.kind === 'file' ? rule.media : expects
}

/** Audio where a video is due, and the like. */
export const illTypedReferences: LintRule = (subject) => {
  const made = madeMedia(subject.jobs, subject.mediumOf)
  return subject.jobs.flatMap((job) =>
    inputsOf(job).flatMap((input) => judgeInput(job, input, subject, made)),
  )
}

const judgeInput = (
  job: PlanJob,
  input: JobInput,
  { mediumOf, jobIds }: LintSubject,
  made: (jobId: string) => JobMedia | null,
): readonly Finding[] => {
  const { source, path } = input
  const at = { jobId: job.id, path }
  const expects = expectedOf(job, input)
  if (source.from === 'medium' && mediumOf(source.mediaId) === null) {
    return [
      {
        ...{ rule: 'medium-unknown', severity: 'error', ...at },
        message: `${quoted(source.mediaId)} is no medium of yours.`,
        fix: 'Upload it with POST /v1/media.',
      },
    ]
  }
  const media = mediaOf(input, mediumOf, made)
  if (media !== null && !expects.includes(media)) {
    return [
      {
        ...{ rule: 'reference-ill-typed', severity: 'error', ...at },
        message: `${A[media]} is given where ${anyOf(expects)} is due.`.replace(/^a/, 'A'),
        fix: `Give ${anyOf(expects)}.`,
      },
    ]
  }
  const claimed = source.from === 'job' ? source.media : null
  if (source.from !== 'job' || claimed === null || media === null || claimed === media) return []
  if (!jobIds.has(source.jobId)) return []
  return [
    {
      ...{ rule: 'reference-misnamed', severity: 'warning', ...at },
      message: `The reference says ${A[claimed]}, and job ${source.jobId} makes ${A[media]}.`,
      fix: `Write \`_${media}JobDependency:${source.jobId}\`.`,
    },
  ]
}

const mediaOf = (
  { source }: JobInput,
  mediumOf: LintSubject['mediumOf'],
  made: (jobId: string) => JobMedia | null,
): JobMedia | null => {
  if (source.from === 'job') return made(source.jobId)
  if (source.from === 'url') return mediaOfUrl(source.url)
  return mediumOf(source.mediaId)?.media ?? null
}

/** Work whose result nobody uses, beside results of the kind that the plan is for. */
export const unusedResults: LintRule = ({ jobs, jobIds, mediumOf }) => {
  const main = mainResult(jobs)
  // A job that could not be read may be the one that uses them.
  if (main === null || jobIds.size > jobs.length) return []
  const made = madeMedia(jobs, mediumOf)
  const due = made(main)
  return resultJobs(planGraph(jobs))
    .filter(({ id }) => due !== null && made(id) !== null && made(id) !== due)
    .map(({ id }): Finding => ({
      ...{ rule: 'result-unused', severity: 'warning', jobId: id, path: 'id' },
      message: `Nobody uses what job ${id} makes, and it is not what ${main} makes either.`,
      fix: 'Use it in another job, or leave the job out.',
    }))
}
