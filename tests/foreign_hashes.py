"""Password hashes that other programs made of the same password, with low costs."""

PASSWORD = "una frase largá"

# Django 5.2's hashers.
_DJANGO = {
    "django argon2": "argon2$argon2id$v=19$m=64,t=1,p=2$Sjl4b3BqSFZYVGxhbmNlVjdjNklYTg$"
    "m8+GA3cdEqGlp2XQOXlQq4Wh1thCkduFz19w8e6ynH8",
    "django bcrypt": "bcrypt$$2b$04$vIwL0z5kmBuIdEf0RlSimOJ.j3Aj9c1hLIQAV0hEt6GUIog5ekS9.",
    "django bcrypt_sha256": "bcrypt_sha256$$2b$04$tBfaeQmHUzQTlx6ppoVUveUlWqpWFE7lvpPE5cUs368O4ECwd0J5q",
    "django pbkdf2_sha256": "pbkdf2_sha256$1000$kTHFMSj3yBKFfvZJOKS3rZ$575WbWTBSRorwGYYiu9fjjWIpOx48cx1RNB9V2NE9b8=",
    "django pbkdf2_sha1": "pbkdf2_sha1$1000$wCENSHaHnhDTrGhn9mkrwR$1M8esm+FqG7NLeHMx6F1UtQ3nm0=",
    "django scrypt": "scrypt$16$z4vranmUSVXeO4gV2JRWjz$8$5$"
    "Lq6G5FLU/j9LY/jzBuLR2v+TIhJBjzfhBc89Y0C9qsxEhLysn7YSqhsAm2DMe9GFw16ToS/ZgBancg10+QNwpQ==",
}
# libxcrypt's crypt(3).
_CRYPT = {f"crypt 2{minor}": f"$2{minor}$04$usesomesillystringforO/fkg9qdGHS5djJdwV7TYMT2re8KnX/C" for minor in "aby"}
OF_PASSWORD = {**_DJANGO, **_CRYPT}

# Vectors that were published with their own passwords.
PUBLISHED = {
    # crypt_blowfish's wrapper.c
    "U*U": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    # libxcrypt, of a password of 96 bytes, all but 72 of which bcrypt ignores
    f"{PASSWORD} {'x' * 79}": "$2y$04$usesomesillystringforOTkXto14FJKLkX7RwgTGrM2DbEZH9fN.",
}
OF_THE_WORD_PASSWORD = {
    # phc-winner-argon2, src/test.c
    "argon2i, version 16": "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    "argon2id": "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    # RFC 6070
    "pbkdf2_sha1": "pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE=",
    # RFC 7914
    "scrypt": "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/"
    "xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
}
