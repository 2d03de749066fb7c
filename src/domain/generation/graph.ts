/** Plans as graphs: what needs what, in which order, and what is left over. */

import { madeMedia } from './made-media.ts'
import { inputsOf } from './sources.ts'
import type { PlanJob } from './plan.ts'

/** A job of the graph, as small as it travels in workflows. */
export interface GraphNode {
  readonly id: string
  /** Every job that has to be done before, each once. */
  readonly needs: readonly string[]
}

/** The jobs that have to be done before this one: those whose results it uses, and `dependsOn`. */
export const dependenciesOf = (job: PlanJob): readonly string[] => {
  const used = inputsOf(job).flatMap(({ source }) => (source.from === 'job' ? [source.jobId] : []))
  return [...new Set([...used, ...job.dependsOn])]
}

/** Jobs as nodes, in their order. */
export const planGraph = (jobs: readonly PlanJob[]): readonly GraphNode[] =>
  jobs.map((job) => ({ id: job.id, needs: dependenciesOf(job) }))

/** An order in which every job stands after those that it needs, or the jobs of one circle, each
 * needed by the one before it. Needs that no node has are taken as met. */
export type PlanOrder =
  | { readonly order: readonly string[] }
  | { readonly cycle: readonly string[] }

/** *Guarantee:* jobs that do not need each other keep the order of the plan. Takes time in proportion
 * to the plan, and no stack. */
export const planOrder = (nodes: readonly GraphNode[]): PlanOrder => {
  const positions = new Map(nodes.map(({ id }, index) => [id, index]))
  const missing = nodes.map(
    ({ needs }) => new Set(needs.filter((need) => positions.has(need))).size,
  )
  const dependents = dependentsOf(nodes, positions)
  const order: string[] = []
  let level = nodes.flatMap((_, index) => (missing[index] === 0 ? [index] : []))
  while (level.length > 0) {
    const next: number[] = []
    for (const index of level) {
      order.push(nodes[index]!.id)
      for (const dependent of dependents[index]!) {
        missing[dependent] = missing[dependent]! - 1
        if (missing[dependent] === 0) next.push(dependent)
      }
    }
    level = next.toSorted((a, b) => a - b)
  }
  if (order.length === nodes.length) return { order }
  return { cycle: circleAmong(nodes.filter((_, index) => missing[index]! > 0)) }
}

const dependentsOf = (
  nodes: readonly GraphNode[],
  positions: ReadonlyMap<string, number>,
): readonly (readonly number[])[] => {
  const dependents: number[][] = nodes.map(() => [])
  for (const [index, { needs }] of nodes.entries()) {
    for (const need of new Set(needs)) {
      const position = positions.get(need)
      if (position !== undefined) dependents[position]!.push(index)
    }
  }
  return dependents
}

/** Among nodes each of which needs another of them: whoever follows the needs comes round. */
const circleAmong = (nodes: readonly GraphNode[]): readonly string[] => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const path: string[] = []
  const seen = new Map<string, number>()
  let current: GraphNode | undefined = nodes[0]
  while (current !== undefined && !seen.has(current.id)) {
    seen.set(current.id, path.length)
    path.push(current.id)
    current = byId.get(current.needs.find((need) => byId.has(need)) ?? '')
  }
  return path.slice(seen.get(current?.id ?? '') ?? 0)
}

/** The jobs whose results no other job needs, in the order of the plan: what the plan is for. */
export const resultJobs = <Node extends GraphNode>(nodes: readonly Node[]): readonly Node[] => {
  const needed = new Set(nodes.flatMap(({ needs }) => needs))
  return nodes.filter(({ id }) => !needed.has(id))
}

/** What a plan is for: of the results the last video, or else the last of them; null for no jobs. */
export const mainResult = (jobs: readonly PlanJob[]): string | null => {
  const order = planOrder(planGraph(jobs))
  const results = new Set(resultJobs(planGraph(jobs)).map(({ id }) => id))
  const made = madeMedia(jobs)
  const ids = 'order' in order ? order.order.filter((id) => results.has(id)) : [...results]
  return ids.findLast((id) => made(id) === 'video') ?? ids.at(-1) ?? null
}
