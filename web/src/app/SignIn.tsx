import { type FormEvent, useState } from "react";
import { api, type Failure, failure } from "@/api/client";
import { queries, sessionQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Button, TextField, Trouble } from "@/ui";
import styles from "./app.module.css";

/** Asks who somebody is, where the server wants to know. */
export function SignIn({ onDone }: { onDone: () => void }) {
  const t = useTexts("app");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Failure | null>(null);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      await api.POST("/api/v1/session", { body: { name, password } });
      // what strangers were told is forgotten, but for who one is: the page hears of that being asked for anew
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
      await queries.refetchQueries({ queryKey: sessionQuery.queryKey });
      onDone();
    } catch (error) {
      setWrong(failure(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <main className={styles.signIn}>
      <form onSubmit={submit}>
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{t("sign in to")}</h1>
        {wrong && <Trouble failure={wrong} />}
        <TextField label={t("name")} value={name} onChange={setName} autoComplete="username" required />
        <TextField
          label={t("password")}
          value={password}
          onChange={setPassword}
          type="password"
          autoComplete="current-password"
          required
        />
        <Button look="primary" large type="submit" busy={isBusy}>
          {t("sign in")}
        </Button>
      </form>
    </main>
  );
}
