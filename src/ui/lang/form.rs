//! What a form says about its values.

catalogue! {
    BOUNDS: "{min} to {max}, in steps of {step}", "{min} 至 {max},步长 {step}";
    CHOICES: "{n} choices", "{n} 个选项";
    SEED_BOUNDS: "empty or -1 for a new seed every time, else 0 to {max}", "留空或 -1 表示每次随机,否则为 0 至 {max}";
    OUT_OF_RANGE: "{label} goes from {min} to {max}: {value} is not taken, it stays {old}", "{label}须在 {min} 至 {max} 之间,不接受 {value},仍为 {old}";
    NOT_A_NUMBER: "{label} is a number from {min} to {max}: {value} is not taken, it stays {old}", "{label}须为 {min} 至 {max} 的数字,{value} 不是数字,仍为 {old}";
    NOT_WHOLE: "{label} is a whole number from {min} to {max}: {value} is not taken, it stays {old}", "{label}须为 {min} 至 {max} 的整数,{value} 不是整数,仍为 {old}";
    NO_SEED: "{label} is a whole number from 0 to {max}, or -1 for a random one: {value} is not taken, it stays {old}", "{label}须为 0 至 {max} 的整数,或 -1 表示随机;{value} 不符合,仍为 {old}";
    NOT_OFFERED: "{label} does not offer {value}, it stays {old}", "{label}没有 {value} 这一选项,仍为 {old}";
    RANDOM: "random", "随机";
}
