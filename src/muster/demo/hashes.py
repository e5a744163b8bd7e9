"""The passwords of demo people, and hashes really made from them. They are public: never load them where it matters.

A bcrypt hash of cost 10 takes 50 ms to make, so people share sixteen passwords, each hashed once in both ways.
"""

from typing import Final

PASSWORDS: Final = tuple(f"demo-password-{number:02}" for number in range(1, 17))

BCRYPT: Final = (
    "$2b$10$130gYvPNq.MAaDTOF3BK1eevw5XUyCBma9nYZjjoxasiZup7Coh8O",
    "$2b$10$w2qVoWCpZ0rOJKnxrfxQqewvjmWy4pEwekcwVqqJhYiQ64R.M8xj2",
    "$2b$10$LuZbRul3W/qPZg6R4n5JROyFG6aG1.B5Ewn3L.nLKlloVtGZ1e0WG",
    "$2b$10$/qrRcqxVSzjPEdUZeC4IQe7l4gpKn35Ork9RcTjRKXKPyjnkR0L6.",
    "$2b$10$kfrZdDcJnYu/AtuQYctxzul75CP8fYxvzpYaDDAznJufs20J95/aK",
    "$2b$10$rvviOXxUxCQeABOuXx7Q3e4CnGA96zvyCJlHbB3wOXMISLK2MFalO",
    "$2b$10$wSwnI74E9hYK6A7z5sNAKuZoYUKCJj8j3tCzSrLo8l7/otLH4zAAa",
    "$2b$10$BD1MI5Szah83NbvkOEnaiuoH8GRwG8OziPx8DDh.lQXEFRg2ZXN2u",
    "$2b$10$DXFZB6/f8tQWL/ByY1sgOuD/nJfAT90LoBaoRLtoot52mMHNYmW6.",
    "$2b$10$/380iQtRdHk/XbPJ8Tuo0.RlstggYJGqh5jycyc9I.qWiqmMtCJG.",
    "$2b$10$BtQM5GrATJwLESUpC2J7d.eY950MmMiku9PJ4jEUef8j69sR5eyW.",
    "$2b$10$JbsRjJ/Tz9kXm9Cn.41w3.O2fJwkF2H5jW/B4Onm6UJJhTdOTLKBa",
    "$2b$10$LQgGPwpE9fQOEugTrsvWi.dDznLz8ukGhjwtH.j9h6Rx7W5n/otNS",
    "$2b$10$kgWG1CegaqgpPQVDlZPHzO3L71NxhuXJRJ2K8nnXU8XzPqCGGpey.",
    "$2b$10$UxZXA.qVkYym.BvMi1RsXODh/YQ7TDmdZN1sDo4D3X9N65H0IDvGC",
    "$2b$10$O54B4ihzMSmHdjn7RJLRlOdxv.VLClkLwGH97f2KtpAYnJnDOKvv.",
)

ARGON2ID: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$b/mj6MF7RHs+AFO4zIG6AQ$LzrDk+86LU2z9teTwBMP1yC3A+Sdou9kKvaariiolB0",
    "$argon2id$v=19$m=19456,t=2,p=1$qtcLCSylDdlQUKmzMhmMNQ$rRtFFGa5y7iSlX/rrKuiEuZ5mRSOR2+9HlBRiaKCwIE",
    "$argon2id$v=19$m=19456,t=2,p=1$aVNZl/xV7NQDcshXXGqnJg$n98RJLJK3qqOJVU49wbwvEa+o+wxqiWtZ+DFIiWcmtg",
    "$argon2id$v=19$m=19456,t=2,p=1$nIofLycFIpdhdxNS7iFQ1g$xoKWM3TL0IfKLX2khroVUY1XTJkI6CGRlK56/p5IsR0",
    "$argon2id$v=19$m=19456,t=2,p=1$mm2ct4AsYkIttBv7zi2/jA$G+Oe515qFlDLUK5drGPA8vARaKsobsrRuJ/1OHdlRKs",
    "$argon2id$v=19$m=19456,t=2,p=1$DtkpuOsGeeMmb9mPnW8wvA$16v5fB93BbsHXojIkTimXYXJ1bVqE8qKqEJ9hUoxTy0",
    "$argon2id$v=19$m=19456,t=2,p=1$OEjHWf0m7qbi+dfBrEf1XA$FNNHSux+D1GMb8mwdch6yW6WQW5qIsAcqYl3JaPk7j8",
    "$argon2id$v=19$m=19456,t=2,p=1$/em94vWqx32yD+W1CY+dBg$8iMNuSL/yNATjRntQhJYRbNfu2mefKZj/jI98vmpOfk",
    "$argon2id$v=19$m=19456,t=2,p=1$GKsdYPB4jq41So5okyhhYQ$3NhhzXLqcQQM9VWmXh2pgJYe84VW6flUypES0h2FmQo",
    "$argon2id$v=19$m=19456,t=2,p=1$swNFbPOOYh2p28O5asDAEA$ub+2jXvho0iEmqwvk45pglrMYIQswYx90SsXp9eruDE",
    "$argon2id$v=19$m=19456,t=2,p=1$3FY+zYmLvBnLKltPAUzakA$N6wVMF2Dcit702G637G0mmcvIxOgmmsrjj67cWErJsY",
    "$argon2id$v=19$m=19456,t=2,p=1$CYPsIMQkQDoU1zTxaNGVFA$HmOcOgIoIg7Hbp4SGpGz1aGuQ8UvJnxr4jFpjx9Hxts",
    "$argon2id$v=19$m=19456,t=2,p=1$HdoH4BJ9n++x4Q6pDpzN3A$xey9BiLuZwtzkDZPZ9E41Kwz5zgGNvTJ5qMeBUullUE",
    "$argon2id$v=19$m=19456,t=2,p=1$vu0auDiGpOu83xqD8aEi7w$R7LH3RncNLpl7OfyrMaYXX9Xo3XjY/5cAIRwlQQR/cs",
    "$argon2id$v=19$m=19456,t=2,p=1$9borVA8ThnOf52gKzkW9yw$OTC7XXDGD58ya0KANLVbIO/mqvYketaUz+AQW2qo6Tg",
    "$argon2id$v=19$m=19456,t=2,p=1$FcwTLp37hURT7etdvkl0tw$87mZMhBjM7xg4mDJ4iQn9unF70APcJavPaAiSE/QqNM",
)
