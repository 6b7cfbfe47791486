drop table if exists vault.oauth_states;
drop table if exists vault.tokens;
drop table if exists vault.user_keys;
