import { timestamp } from 'drizzle-orm/pg-core'

/** A moment, with its time zone, read as a `Date`. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const createdAt = () => moment('created_at').notNull().defaultNow()
