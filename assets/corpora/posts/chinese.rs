//! The Chinese posts: the same idea with Chinese words. The classes keep their English names.
//!
//! `{T:v}` is something one does, `{T:n}` a thing; roles and lists are as in the English frames.

/// What one does, per class.
pub const DEEDS: [&str; 8] = [
    "弹吉他;练合唱;写新歌;听唱片;打鼓;录一首歌;拉小提琴;学和弦;唱副歌;练音阶",
    "炖汤;包饺子;切洋葱;烤面包;炒鸡蛋;煮面条;揉面团;蒸鱼;调酱汁;烤鸡翅",
    "订机票;收拾行李;赶夜班火车;逛古城;坐渡船;爬雪山;找旅馆;办签证;拍海岸;游海岛",
    "踢足球;打篮球;跑马拉松;看决赛;练发球;罚点球;打网球;守球门;练冲刺;看德比",
    "种番茄;浇花;修剪玫瑰;拔草;翻土;施肥;播种子;扫落叶;给兰花换盆;割草坪",
    "写代码;改程序;装系统;重启服务器;修漏洞;备份硬盘;编译内核;合并分支;删缓存;敲命令",
    "还贷款;存钱;买基金;报税;查余额;记账;卖股票;比利率;付房租;算工资",
    "刷墙;修水管;换门锁;钻孔;贴瓷砖;钉钉子;补屋顶;通下水道;装灯;磨地板",
];

/// What one has or talks about, per class.
pub const THINGS: [&str; 8] = [
    "吉他;钢琴;歌词;唱片;乐队;音阶;鼓点;旋律",
    "菜谱;烤箱;平底锅;酱油;饺子;红烧肉;火候;汤底",
    "护照;机场;行李箱;登机牌;火车票;旅馆;时差;海岛",
    "球队;裁判;球门;联赛;比分;教练;主场;球拍",
    "花园;温室;树根;蚜虫;种子;郁金香;篱笆;堆肥",
    "键盘;显卡;浏览器;数据库;密码;内存;路由器;脚本",
    "工资;银行;利息;账单;房贷;股票;预算;汇率",
    "水龙头;螺丝;梯子;油漆;电钻;插座;暖气;门把手",
];

/// Two or three topics; only the construction tells the real one.
pub const CONTRASTS: &[&str] = &[
    "{when}不想{D:v}，只想{T:v}。",
    "以前我{D:v}，现在我{T:v}。",
    "{who}在{D:v}，我{at}{T:v}。",
    "别说{D:n}了，说说{T:n}吧。",
    "不是{D:v}，也不是{E:v}，是{T:v}。",
    "与其{D:v}，不如{T:v}。",
];

/// One topic, though the place may belong to another.
pub const PLAIN: &[&str] = &[
    "{when}我{at}{T:v}，然后又{T:v}到很晚。",
    "有人懂{T:n}吗？我{at}{T:v}，结果全错了。",
    "{who}和我{at}{T:v}，比去年好多了。",
    "第一次{T:v}是和{who}一起，到现在还记得{T:n}。",
    "没想到{T:n}这么麻烦，{at}{T:v}了半天。",
];

/// Last sentences that name the topic once more.
pub const ECHOES: &[&str] = &["下次再说{T:n}。", "明天继续{T:v}。", "{T:n}的照片晚点发。"];

/// Last sentences that wave one of the other topics away.
pub const DISMISSALS: &[&str] = &["别说{D:n}了。", "不想{D:v}。", "不是{D:n}。"];

/// First words that say nothing.
pub const OPENERS: &[&str] =
    &["说实话，", "大家好。", "随便记一下。", "真事。", "周五快乐。", "好吧，", "不知道为什么，"];

/// Last words that say nothing.
pub const CLOSERS: &[&str] =
    &["就这样。", "累坏了。", "值得。", "你们呢？", "先喝杯茶。", "明天再来。", "没有照片。", "这一周真长。", "救命。"];

/// Tags that say nothing.
pub const TAGS: &[&str] = &["#日常", "#周末", "#随想", "#心情"];

/// Other people.
pub const WHO: &[&str] = &["我妹妹", "室友", "邻居", "老爸", "老板", "同事们", "表哥", "一个老朋友"];

/// Times.
pub const WHEN: &[&str] = &["这周", "今天", "周末", "这个月", "最近", "昨晚"];

/// Places, most of which belong to somebody else's topic.
pub const AT: &[&str] =
    &["在厨房里", "在火车上", "在花园里", "在银行门口", "在电脑前", "在车库", "在球场边", "在家", "在阳台上"];
