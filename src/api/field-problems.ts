/** Says of each refused field where it is, what is wrong, and how to mend it. */

import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { MediaError, type FieldProblem } from '../domain/failures.ts'
import { nearestName } from './nearest-name.ts'

type Issue = z.core.$ZodIssue

const SEE_DOCS = 'See the description of this field in /docs.'

/** A document with a thousand wrong fields is answered with the first of them. */
const PROBLEMS_MAX = 50

const named = (type: string): string => {
  if (type === 'int' || type === 'integer') return 'a whole number'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

const listed = (values: readonly unknown[]): string =>
  values.map((value) => String(value)).join(', ')

const bounds = (issue: { origin: string; inclusive?: boolean | undefined }, bound: unknown) => {
  if (issue.origin === 'string') return `${String(bound)} characters`
  if (issue.origin === 'array') return `${String(bound)} ${Number(bound) === 1 ? 'item' : 'items'}`
  return issue.inclusive === false ? `something other than ${String(bound)}` : String(bound)
}

const wording = (issue: Issue): { message: string; fix: string } => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? { message: 'is missing', fix: `Give ${named(issue.expected)}.` }
        : { message: 'has the wrong type', fix: `Give ${named(issue.expected)}.` }
    case 'too_small':
      return {
        message:
          issue.origin === 'number' || issue.origin === 'int' ? 'is too small' : 'is too short',
        fix:
          issue.inclusive === false
            ? `Give more than ${String(issue.minimum)}.`
            : `Give at least ${bounds(issue, issue.minimum)}.`,
      }
    case 'too_big':
      return {
        message:
          issue.origin === 'number' || issue.origin === 'int' ? 'is too large' : 'is too long',
        fix:
          issue.inclusive === false
            ? `Give less than ${String(issue.maximum)}.`
            : `Give at most ${bounds(issue, issue.maximum)}.`,
      }
    case 'invalid_value':
      return {
        message: issue.input === undefined ? 'is missing' : 'is not one of the choices',
        fix: choiceFix(issue.input, issue.values.map(String)),
      }
    case 'invalid_union':
      return unionWording(issue)
    case 'not_multiple_of':
      return {
        message: `is not a multiple of ${issue.divisor}`,
        fix: `Use a multiple of ${issue.divisor}.`,
      }
    case 'invalid_format':
      return formatWording(issue)
    case 'custom':
      return { message: issue.message, fix: String(issue.params?.['fix'] ?? SEE_DOCS) }
    default:
      return { message: issue.message, fix: SEE_DOCS }
  }
}

/** A field that decides which others there are, such as the kind of a task. */
const unionWording = (issue: Issue & { code: 'invalid_union' }) => {
  const { discriminator, options, input } = issue as typeof issue & {
    readonly discriminator?: string
    readonly options?: readonly unknown[]
  }
  if (discriminator === undefined) return noneOfThem(issue)
  const given = (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator]
  return {
    message: given === undefined ? 'is missing' : 'is not one of the choices',
    fix: choiceFix(given, (options ?? []).map(String)),
  }
}

/** A field that may be one thing or another, and is nothing of the kind. */
const noneOfThem = (issue: Issue & { code: 'invalid_union' }) => {
  const kinds = issue.errors.flatMap(([first]) => {
    if (first?.code === 'invalid_type') return [named(first.expected)]
    return first?.code === 'invalid_value' ? first.values.map(String) : []
  })
  const ours = /^[a-z]/.test(issue.message) ? issue.message : 'has the wrong type'
  return {
    message: issue.input === undefined ? 'is missing' : ours,
    fix: kinds.length === 0 ? SEE_DOCS : `Give ${[...new Set(kinds)].join(' or ')}.`,
  }
}

const choiceFix = (given: unknown, choices: readonly string[]): string => {
  const nearest = nearestName(given, choices)
  const hint = nearest === null ? '' : `Did you mean ${nearest}? `
  return `${hint}Use one of: ${listed(choices)}.`
}

const formatWording = (issue: { format: string; message: string }) => {
  switch (issue.format) {
    case 'url':
      return { message: 'is not an address', fix: 'Give an absolute http or https URL.' }
    case 'email':
      return { message: 'is not an e-mail address', fix: 'Give an address like name@example.com.' }
    case 'template_literal':
      return { message: 'is not such an id', fix: 'Use an id as the API has given it out.' }
    default:
      return {
        // A message of ours begins in lower case and says more than the pattern would.
        message: /^[a-z]/.test(issue.message) ? issue.message : 'is not written as it should be',
        fix: SEE_DOCS,
      }
  }
}

const pathOf = (path: readonly PropertyKey[]): string => path.map(String).join('.')

const ofIssue = (issue: Issue, known: KnownNames): FieldProblem[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known.get(pathOf(issue.path)) ?? [])
      return {
        path: pathOf([...issue.path, key.slice(0, KEY_LENGTH_SHOWN)]),
        message: 'is not a field of this request',
        fix:
          nearest === null
            ? 'Leave it out, or correct its name.'
            : `Did you mean ${nearest}? Correct its name.`,
      }
    })
  }
  const meant = meantIssues(issue)
  if (meant.length > 0) return meant.flatMap((part) => ofIssue(part, known))
  return [{ path: pathOf(issue.path), ...wording(issue) }]
}

/** Of a field that may be one thing or another: what is wrong with the thing that was probably meant, the
 * one whose type it has at least; nothing where it has none of them. */
const meantIssues = (issue: Issue): readonly Issue[] => {
  if (issue.code !== 'invalid_union' || 'discriminator' in issue) return []
  // `false` was not meant by whoever gives an object; one word may have been by another.
  const isOfOtherKind = (part: Issue) =>
    part.path.length === 0 &&
    (part.code === 'invalid_type' ||
      (part.code === 'invalid_value' && part.values.every((value) => typeof value !== given)))
  const given = typeof issue.input
  const meant = issue.errors.find((issues) => !issues.some(isOfOtherKind)) ?? []
  return meant.map((part): Issue => ({ ...part, path: [...issue.path, ...part.path] }))
}

/** The names of the fields that an object may have, by the path of the object. */
type KnownNames = ReadonlyMap<string, readonly string[]>

/** A name may be as long as a body. */
const KEY_LENGTH_SHOWN = 100

/** The problems of a failed parse, one per field. */
export const fieldProblems = (
  issues: readonly Issue[],
  known: KnownNames = new Map(),
): FieldProblem[] => issues.flatMap((issue) => ofIssue(issue, known)).slice(0, PROBLEMS_MAX)

/** Parses; of what is refused, every issue, and the names that the objects there would have taken. */
export const parseFields = <Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
):
  | { readonly value: z.output<Schema> }
  | { readonly issues: readonly Issue[]; readonly known: KnownNames } => {
  const known = new Map<string, readonly string[]>()
  const result = schema.safeParse(data, {
    reportInput: true,
    // Only here is it known which schema has refused a name, and so which names it would have taken.
    error: ({ code, path, inst }) => {
      if (code === 'unrecognized_keys' && inst instanceof z.ZodObject) {
        known.set(pathOf(path ?? []), Object.keys(inst.shape))
      }
      return undefined
    },
  })
  return result.success ? { value: result.data } : { issues: result.error.issues, known }
}

/**
 * Validates with the schemas that also make the OpenAPI document. A path parameter that is no id at
 * all names nothing, so it is NOT_FOUND like an id that is nobody's.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data: unknown) => {
    const result = parseFields(schema, data)
    if ('value' in result) return { value: result.value }
    if (httpPart === 'params') return { error: new MediaError('NOT_FOUND', 'not an id') }
    const problems = fieldProblems(result.issues, result.known)
    return { error: new MediaError('INPUT_INVALID', `refused ${httpPart}`, { problems }) }
  }
}
