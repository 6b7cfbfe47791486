import { describe, expect, test } from 'vitest'
import { splitStatements } from './statements.ts'

const texts = (source: string) => splitStatements(source).map(({ text }) => text)

describe('splitting SQL into statements', () => {
  test.for([
    ['a string', "select 'a;b''c;'; select 2", ["select 'a;b''c;'", 'select 2']],
    ['an escape string', String.raw`select e'\';'; select 2`, [String.raw`select e'\';'`, 'select 2']],
    ['a quoted name', 'select 1 as "a;""b"; select 2', ['select 1 as "a;""b"', 'select 2']],
    ['a dollar-quoted body', 'do $x$ begin; $$;$$ end $x$; select 2', ['do $x$ begin; $$;$$ end $x$', 'select 2']],
    ['a comment', 'select 1 -- one; two\n; /* three; */ select 2', ['select 1 -- one; two\n', 'select 2']],
    [
      'an atomic body with a case',
      'create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3',
      ['create function f() returns int begin atomic select case when true then 1 end; select 2; end', 'select 3'],
    ],
  ] as const)('leaves the semicolons of %s alone', ([, source, expected]) => {
    expect(texts(source)).toEqual(expected)
  })

  test('keeps begin and end of a transaction apart', () => {
    expect(texts('begin; select 1; end;')).toEqual(['begin', 'select 1', 'end'])
  })

  test('counts lines from the first word of each statement', () => {
    const source = '-- why\n\nselect 1;\n\n-- more\nselect\n  2;\n'
    expect(splitStatements(source).map(({ line }) => line)).toEqual([3, 6])
  })

  test('finds nothing in a file of comments', () => {
    expect(texts('-- nothing\n/* here; */\n')).toEqual([])
  })
})
