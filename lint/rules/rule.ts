import type { RuleTester } from 'oxlint/plugins-dev'

// oxlint exports its rule types only as what its tester takes.

/** A lint rule of a plugin, as oxlint loads it. */
export type Rule = Parameters<RuleTester['run']>[1]

type Visitor = ReturnType<NonNullable<Rule['create']>>

/** Any node of the syntax tree; `type` tells them apart. */
export type Node = Parameters<NonNullable<Visitor[string]>>[0]
