{
  "includes": ["native/procseek.gypi"]
}
