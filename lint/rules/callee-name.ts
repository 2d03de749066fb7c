import type { Node } from './rule.ts'

/** `fs.rm` for `fs.rm(…)`, `rm` for `rm(…)`, `….map` for `f().map(…)`; empty for anything else. */
export const calleeName = (callee: Node): string => {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression' || callee.computed) return ''
  const { object, property } = callee
  if (property.type !== 'Identifier') return ''
  return `${object.type === 'Identifier' ? object.name : '…'}.${property.name}`
}
