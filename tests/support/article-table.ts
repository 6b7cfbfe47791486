import { test as base, type TestDatabase } from './database.ts'

/** The service writes; the migration role owns the table; the engine may only put triggers on it. */
export const test = base.extend<{ db: TestDatabase }>({
  db: async ({ db }, use) => {
    await db.admin.query(`
      set role tributary_migration;
      create table public.article (id bigint primary key, title text, notes json, internal text);
      grant select, insert, update, delete on public.article to tributary_service;
      grant select, trigger on public.article to tributary_hasura;
      create table public.other (id bigint primary key);
      grant trigger on public.other to tributary_hasura;
      reset role`)
    await use(db)
  },
})
