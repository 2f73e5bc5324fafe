import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, KeyRound, LogOut, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, failure, got, type Schemas } from "@/api/client";
import { queries, sessionQuery } from "@/api/queries";
import { sizeText, timeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, copyText, IconButton, Notice, Select, Spinner, say, TextField, Trouble } from "@/ui";
import { Ask, Group, meQuery, useDoing } from "./parts";
import styles from "./settings.module.css";

const LASTING = ["7", "30", "365", ""] as const; // days; empty for ever

/** Who one is: name, what was used, password, tokens. */
export function Account() {
  const t = useTexts("settings");
  const { data: me, error } = useQuery(meQuery);
  const language = useLanguage((state) => state.language);
  if (error) return <Trouble failure={failure(error)} />;
  if (!me) return <Spinner label={t("loading")} />;
  const isAlone = me.id === "local" && !me.has_password;
  return (
    <>
      {isAlone && (
        <Notice>
          <p>{t("alone")}</p>
          <p className={styles.small}>{t("alone about")}</p>
        </Notice>
      )}
      <Group>
        <dl className={styles.facts}>
          <div>
            <dt>{t("name")}</dt>
            <dd>{me.admin ? `${me.name} · ${t("admin")}` : me.name}</dd>
          </div>
          <div>
            <dt>{t("used today")}</dt>
            <dd>
              {t("minutes of", { used: Math.round(me.device_seconds_today / 60) })}
              {me.device_seconds_a_day !== null &&
                ` ${t("out of", { most: Math.round(me.device_seconds_a_day / 60) })}`}
            </dd>
          </div>
          <div>
            <dt>{t("stored")}</dt>
            <dd>
              {sizeText(me.bytes_used, language)}
              {me.bytes_kept !== null && ` ${t("out of", { most: sizeText(me.bytes_kept, language) })}`}
            </dd>
          </div>
        </dl>
        {!isAlone && <SignOut />}
      </Group>
      <Password me={me} isAlone={isAlone} />
      <Tokens />
    </>
  );
}

function SignOut() {
  const t = useTexts("settings");
  const [isBusy, act] = useDoing();
  return (
    <div>
      <Button
        icon={LogOut}
        busy={isBusy}
        onClick={() =>
          void act(async () => {
            await api.DELETE("/api/v1/session");
            queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
            await queries.refetchQueries({ queryKey: sessionQuery.queryKey });
          })
        }
      >
        {t("sign out")}
      </Button>
    </div>
  );
}

function Password({ me, isAlone }: { me: Schemas["UserView"]; isAlone: boolean }) {
  const t = useTexts("settings");
  const client = useQueryClient();
  const [old, setOld] = useState("");
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [isAsking, setAsking] = useState(false);
  const [isBusy, act] = useDoing();
  const isSame = second === "" || first === second;
  async function change() {
    setAsking(false);
    const isDone = await act(() => api.PUT("/api/v1/me/password", { body: { old, new: first } }));
    if (!isDone) return;
    setOld("");
    setFirst("");
    setSecond("");
    say(t("password changed"));
    await client.invalidateQueries({ queryKey: meQuery.queryKey });
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isAlone) setAsking(true);
    else void change();
  }
  return (
    <Group title={me.has_password ? t("change password") : t("set password")}>
      <form className={styles.narrow} onSubmit={submit}>
        {me.has_password && (
          <TextField
            label={t("old password")}
            type="password"
            autoComplete="current-password"
            value={old}
            onChange={setOld}
            required
          />
        )}
        <TextField
          label={t("new password")}
          type="password"
          autoComplete="new-password"
          value={first}
          onChange={setFirst}
          required
        />
        <TextField
          label={t("new password again")}
          type="password"
          autoComplete="new-password"
          value={second}
          onChange={setSecond}
          wrong={isSame ? undefined : t("not the same")}
          required
        />
        <div>
          <Button type="submit" icon={KeyRound} busy={isBusy} disabled={!first || first !== second}>
            {me.has_password ? t("change password") : t("set password")}
          </Button>
        </div>
      </form>
      {isAsking && (
        <Ask
          title={t("switch on accounts")}
          yes={t("set password")}
          onYes={() => void change()}
          onNo={() => setAsking(false)}
        >
          <p>{t("switch on about", { name: me.name })}</p>
        </Ask>
      )}
    </Group>
  );
}

function Tokens() {
  const t = useTexts("settings");
  const client = useQueryClient();
  const language = useLanguage((state) => state.language);
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: () => got(api.GET("/api/v1/me/tokens")) });
  const [name, setName] = useState("");
  const [days, setDays] = useState<string>("30");
  const [secret, setSecret] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<Schemas["TokenView"] | null>(null);
  const [isBusy, act] = useDoing();
  const renew = () => client.invalidateQueries({ queryKey: ["tokens"] });
  function draw(event: FormEvent) {
    event.preventDefault();
    void act(async () => {
      const body = { name: name.trim(), days: days ? Number(days) : null };
      const made = await got(api.POST("/api/v1/me/tokens", { body }));
      setSecret(made.secret ?? null);
      setName("");
      await renew();
    });
  }
  return (
    <Group title={t("tokens")} about={t("tokens about")}>
      {tokens.error && <Trouble failure={failure(tokens.error)} />}
      {secret && (
        <Notice
          actions={
            <Button icon={Copy} onClick={() => void copyText(secret, t("copied"))}>
              {t("copy")}
            </Button>
          }
        >
          <p>{t("token once")}</p>
          <p className={styles.secret}>{secret}</p>
        </Notice>
      )}
      {tokens.data && tokens.data.length > 0 && (
        <ul className={styles.list}>
          {tokens.data.map((token) => (
            <li key={token.id} className={styles.entry}>
              <div className={styles.grow}>
                <p>{token.name}</p>
                <p className={styles.small}>
                  {t("made", { when: timeText(token.created, language) })}
                  {" · "}
                  {token.used === null
                    ? t("never used")
                    : t("last used", { when: timeText(token.used, language) })}
                  {token.expires !== null && ` · ${t("ends", { when: timeText(token.expires, language) })}`}
                </p>
              </div>
              <IconButton
                icon={Trash2}
                label={t("delete token", { name: token.name })}
                onClick={() => setLeaving(token)}
              />
            </li>
          ))}
        </ul>
      )}
      <form className={styles.row} onSubmit={draw}>
        <div className={styles.grow}>
          <TextField label={t("token name")} maxLength={64} value={name} onChange={setName} />
        </div>
        <Select
          label={t("token days")}
          value={days}
          options={LASTING.map((value) => ({
            value,
            label: value ? t("days", { n: Number(value) }) : t("for ever"),
          }))}
          onChange={setDays}
        />
        <Button type="submit" busy={isBusy} disabled={!name.trim()}>
          {t("draw token")}
        </Button>
      </form>
      {leaving && (
        <Ask
          title={t("delete token", { name: leaving.name })}
          yes={t("delete")}
          danger
          onNo={() => setLeaving(null)}
          onYes={() => {
            setLeaving(null);
            const path = { token: leaving.id };
            void act(() => api.DELETE("/api/v1/me/tokens/{token}", { params: { path } })).then(renew);
          }}
        >
          <p>{t("delete token about")}</p>
        </Ask>
      )}
    </Group>
  );
}
