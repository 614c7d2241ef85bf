<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Handful</source>
        <translation>关于 Handful</translation>
    </message>
    <message>
        <source>Authors, arXiv</source>
        <translation>作者，arXiv</translation>
    </message>
    <message>
        <source>Copy Text</source>
        <translation>复制文字</translation>
    </message>
    <message>
        <source>Copy versions and licences as text</source>
        <translation>以文本形式复制版本和许可证</translation>
    </message>
    <message>
        <source>Credits</source>
        <translation>致谢</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Encoder {name}</source>
        <translation>编码器 {name}</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Not used</source>
        <translation>未使用</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Paper</source>
        <translation>论文</translation>
    </message>
    <message>
        <source>Qt</source>
        <translation>Qt</translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation>运行环境</translation>
    </message>
    <message>
        <source>Sort a folder of images by a handful of examples.</source>
        <translation>用少量示例为整个文件夹的图像分类。</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>This Computer</source>
        <translation>这台电脑</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Versions and device</source>
        <translation>版本和设备</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Which</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>not loaded yet</source>
        <translation>尚未加载</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;About Handful</source>
        <translation>关于 Handful(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Class</source>
        <translation>类别(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Close Project</source>
        <translation>关闭项目(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>深色(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Evaluation</source>
        <translation>评估(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Find by Name…</source>
        <translation>按名称查找(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>适合窗口(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Group Similar Images</source>
        <translation>将相似图像分组(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Import Class List…</source>
        <translation>导入类别列表(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Improve</source>
        <translation>改进(&amp;I)</translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts</source>
        <translation>键盘快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Label</source>
        <translation>标注(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Larger View</source>
        <translation>大图(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>浅色(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Map</source>
        <translation>分布图(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;New Class…</source>
        <translation>新建类别(&amp;N)…</translation>
    </message>
    <message>
        <source>&amp;Open Folder…</source>
        <translation>打开文件夹(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation>刷新(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Review by Class</source>
        <translation>按类别审阅(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Unlabel</source>
        <translation>取消标注(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;User Guide</source>
        <translation>使用指南(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Why This Class?</source>
        <translation>为什么是这个类别(&amp;W)？</translation>
    </message>
    <message>
        <source>All &amp;Images</source>
        <translation>所有图像(&amp;I)</translation>
    </message>
    <message>
        <source>As the &amp;System</source>
        <translation>跟随系统(&amp;S)</translation>
    </message>
    <message>
        <source>Context menu</source>
        <translation>右键菜单</translation>
    </message>
    <message>
        <source>Copy Path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Copy Paths</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Find Ne&amp;xt</source>
        <translation>查找下一个(&amp;X)</translation>
    </message>
    <message>
        <source>Find Pre&amp;vious</source>
        <translation>查找上一个(&amp;V)</translation>
    </message>
    <message>
        <source>Go on from the labelled examples of an exported bundle, with other images</source>
        <translation>由导出的包中已标注的示例，用其他图像继续</translation>
    </message>
    <message>
        <source>Open or &amp;Close the Group</source>
        <translation>展开或收起组(&amp;C)</translation>
    </message>
    <message>
        <source>Redo: {action}</source>
        <translation>重做：{action}</translation>
    </message>
    <message>
        <source>Save E&amp;valuation Report…</source>
        <translation>保存评估报告(&amp;V)…</translation>
    </message>
    <message>
        <source>Save all figures of the evaluation as one HTML or PDF file</source>
        <translation>将评估的全部数字保存为一个 HTML 或 PDF 文件</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>设置(&amp;T)…</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>&amp;Results</source>
        <translation>结果(&amp;R)</translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation>语言(&amp;A)</translation>
    </message>
    <message>
        <source>Label &amp;Queue</source>
        <translation>标注队列(&amp;Q)</translation>
    </message>
    <message>
        <source>New Class for These…</source>
        <translation>为这些图像新建类别…</translation>
    </message>
    <message>
        <source>Nothing yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>Open &amp;Project…</source>
        <translation>打开项目(&amp;P)…</translation>
    </message>
    <message>
        <source>Open &amp;Recent</source>
        <translation>打开最近的项目(&amp;R)</translation>
    </message>
    <message>
        <source>Original &amp;Size</source>
        <translation>原始大小(&amp;S)</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>审阅</translation>
    </message>
    <message>
        <source>S&amp;pot Check</source>
        <translation>抽查(&amp;P)</translation>
    </message>
    <message>
        <source>Select &amp;All</source>
        <translation>全选(&amp;A)</translation>
    </message>
    <message>
        <source>Select &amp;None</source>
        <translation>取消选择(&amp;N)</translation>
    </message>
    <message>
        <source>Set Aside or Put Back</source>
        <translation>暂放或放回</translation>
    </message>
    <message>
        <source>Show &amp;Log</source>
        <translation>显示日志(&amp;L)</translation>
    </message>
    <message>
        <source>Show in File Manager</source>
        <translation>在文件管理器中显示</translation>
    </message>
    <message>
        <source>Sort by &amp;Similarity to These</source>
        <translation>按与所选图像的相似度排序(&amp;S)</translation>
    </message>
    <message>
        <source>Start from a &amp;Model…</source>
        <translation>从模型开始(&amp;M)…</translation>
    </message>
    <message>
        <source>Train an &amp;Encoder…</source>
        <translation>训练编码器(&amp;E)…</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo: {action}</source>
        <translation>撤销：{action}</translation>
    </message>
    <message>
        <source>What comes of your labels: tables, models and more</source>
        <translation>您的标注带来的成果：表格、模型等</translation>
    </message>
    <message>
        <source>Why the &amp;Next Class?</source>
        <translation>为什么是下一个类别(&amp;N)？</translation>
    </message>
    <message>
        <source>Zoom &amp;In</source>
        <translation>放大(&amp;I)</translation>
    </message>
    <message>
        <source>Zoom &amp;Out</source>
        <translation>缩小(&amp;O)</translation>
    </message>
</context>
<context>
    <name>AddEncoderDialog</name>
    <message>
        <source>&amp;Library</source>
        <translation>库(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Network</source>
        <translation>网络(&amp;N)</translation>
    </message>
    <message>
        <source>A download is the only time that Handful uses the internet: it fetches these weights, and tells nothing of you or your images.</source>
        <translation>只有在下载时 Handful 才会使用互联网：它只获取这些权重，不会透露关于您或您图像的任何信息。</translation>
    </message>
    <message>
        <source>A name has letters, digits and _ . - only.</source>
        <translation>名称只能包含字母、数字和 _ . -。</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Add an Encoder</source>
        <translation>添加编码器</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Download its weights</source>
        <translation>下载其权重</translation>
    </message>
    <message>
        <source>File of weights</source>
        <translation>权重文件</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>库</translation>
    </message>
    <message>
        <source>Name of the network</source>
        <translation>网络名称</translation>
    </message>
    <message>
        <source>Take its weights from a file</source>
        <translation>从文件读取其权重</translation>
    </message>
    <message>
        <source>There is no file {path}.</source>
        <translation>没有文件 {path}。</translation>
    </message>
    <message>
        <source>Weights (*.safetensors *.pth *.pt *.bin)</source>
        <translation>权重 (*.safetensors *.pth *.pt *.bin)</translation>
    </message>
</context>
<context>
    <name>AddingStrip</name>
    <message>
        <source>Adding the encoder…</source>
        <translation>正在添加编码器…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel adding the encoder</source>
        <translation>取消添加编码器</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
</context>
<context>
    <name>Advice</name>
    <message>
        <source>Five more of “{name}” would help most: it has only 1 label.</source>
        <translation>再标注五张“{name}”最有帮助：它只有 1 个标注。</translation>
    </message>
    <message>
        <source>Five more of “{name}” would help most: it has only {count} labels.</source>
        <translation>再标注五张“{name}”最有帮助：它只有 {count} 个标注。</translation>
    </message>
    <message>
        <source>Five more of “{name}” would help most: of {count} images it is unclear whether they are that.</source>
        <translation>再标注五张“{name}”最有帮助：有 {count} 张图像尚不清楚是否属于它。</translation>
    </message>
    <message>
        <source>Five more of “{name}” would help most: {right} of its {judged} held-out labels came out right.</source>
        <translation>再标注五张“{name}”最有帮助：它的 {judged} 个留出标注中有 {right} 个判断正确。</translation>
    </message>
    <message>
        <source>The labels suffice: twice as many would hardly bring a percentage point.</source>
        <translation>标注已经足够：再多一倍也几乎提高不了一个百分点。</translation>
    </message>
    <message>
        <source>Twice as many labels would hardly bring a percentage point: “{own}” is often taken for “{other}”.</source>
        <translation>标注再多一倍也几乎提高不了一个百分点：“{own}”常被判为“{other}”。</translation>
    </message>
    <message>
        <source>{right} of {judged} held-out labels came out right; too few to be sure that the labels suffice.</source>
        <translation>{judged} 个留出的标注中有 {right} 个判断正确；数量太少，无法确定标注是否足够。</translation>
    </message>
</context>
<context>
    <name>AllWorkButton</name>
    <message>
        <source>Show all {count} things under way</source>
        <translation>显示正在进行的全部 {count} 项工作</translation>
    </message>
</context>
<context>
    <name>AppearanceSection</name>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>As the System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>The colours of the window. Text is as large as the system&apos;s.</source>
        <translation>窗口的颜色。文字大小与系统相同。</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>What the window speaks, and how it writes numbers and dates; it changes at once, and nothing is lost.</source>
        <translation>窗口使用的语言，以及数字和日期的写法；立即生效，不会丢失任何内容。</translation>
    </message>
</context>
<context>
    <name>Arrivals</name>
    <message>
        <source>1 new image has come.</source>
        <translation>新来了 1 张图像。</translation>
    </message>
    <message>
        <source>The folder {folder} is back and is watched again.</source>
        <translation>文件夹 {folder} 已恢复，继续监视。</translation>
    </message>
    <message>
        <source>The folder {folder} is not there at the moment. Watching goes on when it is back.</source>
        <translation>文件夹 {folder} 目前不存在。恢复后会继续监视。</translation>
    </message>
    <message>
        <source>{count} new images have come.</source>
        <translation>新来了 {count} 张图像。</translation>
    </message>
</context>
<context>
    <name>ByConfidence</name>
    <message>
        <source>Back to accepting by page</source>
        <translation>返回逐页接受</translation>
    </message>
    <message>
        <source>Back to accepting by page (Esc)</source>
        <translation>返回逐页接受（Esc）</translation>
    </message>
</context>
<context>
    <name>CachePlace</name>
    <message>
        <source>Emptying the cache</source>
        <translation>正在清空缓存</translation>
    </message>
    <message>
        <source>Making the cache smaller</source>
        <translation>正在缩小缓存</translation>
    </message>
    <message>
        <source>The cache could not be emptied: {reason}.</source>
        <translation>无法清空缓存：{reason}。</translation>
    </message>
</context>
<context>
    <name>CacheSection</name>
    <message>
        <source>Above it, what was used longest ago goes first. The command line goes by it too.</source>
        <translation>超过上限时，最久未使用的内容最先清除。命令行也遵守此上限。</translation>
    </message>
    <message>
        <source>As much as suits the disk</source>
        <translation>按磁盘情况自动决定</translation>
    </message>
    <message>
        <source>As things are, {size}</source>
        <translation>目前为 {size}</translation>
    </message>
    <message>
        <source>At most {size}</source>
        <translation>最多 {size}</translation>
    </message>
    <message>
        <source>At work…</source>
        <translation>正在处理…</translation>
    </message>
    <message>
        <source>Cache</source>
        <translation>缓存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Embeddings and thumbnails of all folders; they can be made again at any time. Labels, classes and exports are not among them and stay.</source>
        <translation>所有文件夹的嵌入和缩略图，随时可以重新生成。标注、类别和导出的文件不在其中，会保留。</translation>
    </message>
    <message>
        <source>Empty the Cache</source>
        <translation>清空缓存</translation>
    </message>
    <message>
        <source>Empty the Cache ({size})</source>
        <translation>清空缓存（{size}）</translation>
    </message>
    <message>
        <source>Empty the cache?</source>
        <translation>清空缓存？</translation>
    </message>
    <message>
        <source>Largest size of the cache</source>
        <translation>缓存的最大大小</translation>
    </message>
    <message>
        <source>Move the cache</source>
        <translation>移动缓存</translation>
    </message>
    <message>
        <source>Move…</source>
        <translation>移动…</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>The cache was emptied: {before} before, {after} now.</source>
        <translation>缓存已清空：之前 {before}，现在 {after}。</translation>
    </message>
    <message>
        <source>The cache was made smaller: {before} before, {after} now.</source>
        <translation>缓存已缩小：原为 {before}，现为 {after}。</translation>
    </message>
    <message>
        <source>Use the System’s Place</source>
        <translation>使用系统位置</translation>
    </message>
    <message>
        <source>What fine-tuning has finished is lost; it would begin anew.</source>
        <translation>微调已完成的部分将会丢失，需要重新开始。</translation>
    </message>
    <message>
        <source>What was read of the images is kept here, so that no image is read twice. It moves with the place; the engine restarts for it.</source>
        <translation>从图像读取的内容保存在这里，因此每张图像只需读取一次。更改位置时内容随之移动，引擎会为此重新启动。</translation>
    </message>
    <message>
        <source>Where the cache should be</source>
        <translation>缓存的存放位置</translation>
    </message>
    <message>
        <source>Your labels are all saved.</source>
        <translation>您的标注都已保存。</translation>
    </message>
    <message>
        <source>{count} images are read anew when their folders are opened next.</source>
        <translation>下次打开相应的文件夹时，{count} 张图像需要重新读取。</translation>
    </message>
</context>
<context>
    <name>CellImages</name>
    <message>
        <source>A class’s key labels the selected images at once; Enter shows one large, Esc goes back to the matrix.</source>
        <translation>按类别的快捷键可立即标注所选图像；按 Enter 查看大图，按 Esc 返回矩阵。</translation>
    </message>
    <message>
        <source>No held-out image was taken so.
The arrow keys choose another cell.</source>
        <translation>没有留出的图像被判为如此。
用方向键选择其他单元格。</translation>
    </message>
    <message>
        <source>Show in Gallery</source>
        <translation>在图库中显示</translation>
    </message>
    <message>
        <source>Show these images among all (G)</source>
        <translation>在所有图像中显示这些图像（G）</translation>
    </message>
</context>
<context>
    <name>CellModel</name>
    <message>
        <source>label removed</source>
        <translation>标注已移除</translation>
    </message>
    <message>
        <source>{name}: confidence {label}</source>
        <translation>{name}：置信度 {label}</translation>
    </message>
    <message>
        <source>{name}: labelled {label} now</source>
        <translation>{name}：现已标注为“{label}”</translation>
    </message>
    <message>
        <source>{name}: {label}</source>
        <translation>{name}：{label}</translation>
    </message>
</context>
<context>
    <name>ClassChoices</name>
    <message>
        <source>Classes of this image</source>
        <translation>这张图像的类别</translation>
    </message>
    <message>
        <source>Find or add a class</source>
        <translation>查找或添加类别</translation>
    </message>
    <message>
        <source>Find or add a class ( / )</source>
        <translation>查找或添加类别（/）</translation>
    </message>
    <message>
        <source>Type a name; Enter gives the class singled out, or makes a new one (/)</source>
        <translation>输入名称；按 Enter 标注为突出显示的类别，或新建类别（/）</translation>
    </message>
    <message>
        <source>new class</source>
        <translation>新类别</translation>
    </message>
    <message>
        <source>the label</source>
        <translation>已标注</translation>
    </message>
</context>
<context>
    <name>ClassEdits</name>
    <message>
        <source>1 example came with the model “{name}”; label images here to add to it.</source>
        <translation>模型“{name}”带来 1 个示例；在这里标注图像即可增加。</translation>
    </message>
    <message>
        <source>Added 1 class.</source>
        <translation>已添加 1 个类别。</translation>
    </message>
    <message>
        <source>Added 1 class; 1 other was there already.</source>
        <translation>已添加 1 个类别；另有 1 个原已存在。</translation>
    </message>
    <message>
        <source>Added 1 class; {known} others were there already.</source>
        <translation>已添加 1 个类别；另有 {known} 个原已存在。</translation>
    </message>
    <message>
        <source>Added {count} classes.</source>
        <translation>已添加 {count} 个类别。</translation>
    </message>
    <message>
        <source>Added {count} classes; 1 other was there already.</source>
        <translation>已添加 {count} 个类别；另有 1 个原已存在。</translation>
    </message>
    <message>
        <source>Added {count} classes; {known} others were there already.</source>
        <translation>已添加 {count} 个类别；另有 {known} 个原已存在。</translation>
    </message>
    <message>
        <source>Deleted the class “{name}” and its label.</source>
        <translation>已删除类别“{name}”及其标注。</translation>
    </message>
    <message>
        <source>Deleted the class “{name}” and its {count} labels.</source>
        <translation>已删除类别“{name}”及其 {count} 个标注。</translation>
    </message>
    <message>
        <source>Deleted the class “{name}”.</source>
        <translation>已删除类别“{name}”。</translation>
    </message>
    <message>
        <source>Merged the class “{source}” into “{target}”.</source>
        <translation>已将类别“{source}”合并到“{target}”。</translation>
    </message>
    <message>
        <source>Split “{name}”: {count} went to “{new}”.</source>
        <translation>已拆分“{name}”：{count} 张归入“{new}”。</translation>
    </message>
    <message>
        <source>The examples of the model “{name}” are here already.</source>
        <translation>模型“{name}”的示例已经在这里了。</translation>
    </message>
    <message>
        <source>The list names no class that is not there already.</source>
        <translation>列表中的类别都已存在。</translation>
    </message>
    <message>
        <source>The model “{name}” was fine-tuned. Here its examples are seen by the encoder as it was before, so answers may differ from the model&apos;s.</source>
        <translation>模型“{name}”经过微调。在这里，其示例由微调之前的编码器查看，因此预测可能与该模型不同。</translation>
    </message>
    <message>
        <source>{count} examples came with the model “{name}”; label images here to add to them.</source>
        <translation>模型“{name}”带来 {count} 个示例；在这里标注图像即可增加。</translation>
    </message>
</context>
<context>
    <name>ClassList</name>
    <message>
        <source>Back to the images</source>
        <translation>返回图像</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete the class</source>
        <translation>删除类别</translation>
    </message>
    <message>
        <source>Enter, Space</source>
        <translation>Enter、空格</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>F2</source>
        <translation>F2</translation>
    </message>
    <message>
        <source>Give this class to the selected images</source>
        <translation>将此类别标注给所选图像</translation>
    </message>
    <message>
        <source>Rename the class</source>
        <translation>重命名类别</translation>
    </message>
</context>
<context>
    <name>ClassModel</name>
    <message>
        <source>Click to label the selected images; double click to rename</source>
        <translation>单击可标注所选图像；双击可重命名</translation>
    </message>
    <message>
        <source>For images that show none of your classes. They need no such label, but a few make Handful better at telling them. Click to label the selected images.</source>
        <translation>用于不属于任何类别的图像。它们并不需要这种标注，但标注几张能让 Handful 更好地识别它们。单击可标注所选图像。</translation>
    </message>
    <message>
        <source>Key {key}</source>
        <translation>快捷键 {key}</translation>
    </message>
    <message>
        <source>Labelled: images that you gave this class.</source>
        <translation>已标注：您标为该类别的图像。</translation>
    </message>
    <message>
        <source>Labelled: images that you gave this class. Predicted: unlabelled images whose most likely class it is, also those that look like none of these or are set aside. Left to review are the predicted ones without these.</source>
        <translation>已标注：您标为该类别的图像。预测：最可能属于该类别的未标注图像，也包括看起来都不是的和已暂放的图像；除去这些图像，就是还需审阅的。</translation>
    </message>
    <message>
        <source>Labelled: images that you labelled “none of these”.</source>
        <translation>已标注：您标注为“都不是”的图像。</translation>
    </message>
    <message>
        <source>no example yet</source>
        <translation>还没有示例</translation>
    </message>
    <message>
        <source>none yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>shows no class</source>
        <translation>不属于任何类别</translation>
    </message>
    <message>
        <source>{count} from the model</source>
        <translation>{count} 个来自模型</translation>
    </message>
    <message>
        <source>{count} labelled</source>
        <translation>已标注 {count}</translation>
    </message>
    <message>
        <source>{count} predicted</source>
        <translation>已预测 {count}</translation>
    </message>
</context>
<context>
    <name>ClassPanel</name>
    <message>
        <source>Alt+Down</source>
        <translation>Alt+↓</translation>
    </message>
    <message>
        <source>Alt+Up</source>
        <translation>Alt+↑</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>蓝色</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Colour of “{name}”</source>
        <translation>“{name}”的颜色</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Enter adds the class; Ctrl+Enter also gives it to the selected images; several lines that are pasted become a class each</source>
        <translation>按 Enter 添加类别；按 Ctrl+Enter 还会将其赋予所选图像；粘贴多行文字时，每行成为一个类别</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>绿色</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Label More of This Class</source>
        <translation>标注更多此类图像</translation>
    </message>
    <message>
        <source>Label a second class, and Handful classifies all the others.</source>
        <translation>再标注第二个类别，Handful 就会对其余图像进行分类。</translation>
    </message>
    <message>
        <source>Lavender</source>
        <translation>淡紫色</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>字母</translation>
    </message>
    <message>
        <source>Light blue</source>
        <translation>浅蓝色</translation>
    </message>
    <message>
        <source>Merge Into</source>
        <translation>合并到</translation>
    </message>
    <message>
        <source>Move Down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Move Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Name of a new class</source>
        <translation>新类别的名称</translation>
    </message>
    <message>
        <source>Name of their class</source>
        <translation>它们的类别名称</translation>
    </message>
    <message>
        <source>New class</source>
        <translation>新建类别</translation>
    </message>
    <message>
        <source>New class (Ctrl+N)</source>
        <translation>新建类别（Ctrl+N）</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Note…</source>
        <translation>备注…</translation>
    </message>
    <message>
        <source>Olive</source>
        <translation>橄榄色</translation>
    </message>
    <message>
        <source>Orange</source>
        <translation>橙色</translation>
    </message>
    <message>
        <source>Other…</source>
        <translation>其他…</translation>
    </message>
    <message>
        <source>Purple</source>
        <translation>紫色</translation>
    </message>
    <message>
        <source>Red</source>
        <translation>红色</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Rose</source>
        <translation>玫瑰色</translation>
    </message>
    <message>
        <source>Select images that show a class, then press its number or click its name. The number labels one image and goes on to the next by itself.</source>
        <translation>选择属于某一类别的图像，然后按其数字键或单击其名称。数字键标注一张图像后会自动前进到下一张。</translation>
    </message>
    <message>
        <source>Show Only These</source>
        <translation>仅显示这些</translation>
    </message>
    <message>
        <source>Show Only This Class</source>
        <translation>仅显示此类别</translation>
    </message>
    <message>
        <source>Split into Two…</source>
        <translation>一分为二…</translation>
    </message>
    <message>
        <source>Step {number} of 3</source>
        <translation>第 {number} 步，共 3 步</translation>
    </message>
    <message>
        <source>Teal</source>
        <translation>青色</translation>
    </message>
    <message>
        <source>The pasted text</source>
        <translation>粘贴的文字</translation>
    </message>
    <message>
        <source>Type the name of your first class, for instance “cat”.</source>
        <translation>输入第一个类别的名称，例如“猫”。</translation>
    </message>
    <message>
        <source>Wine</source>
        <translation>酒红色</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>黄色</translation>
    </message>
</context>
<context>
    <name>ClassScores</name>
    <message>
        <source>Enter: the images behind it</source>
        <translation>Enter：查看对应的图像</translation>
    </message>
    <message>
        <source>Precision, recall and F1 of the classes</source>
        <translation>各类别的精确率、召回率和 F1</translation>
    </message>
</context>
<context>
    <name>ClassScoresModel</name>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>F1</source>
        <translation>F1</translation>
    </message>
    <message>
        <source>Harmonic mean of precision and recall</source>
        <translation>精确率与召回率的调和平均数</translation>
    </message>
    <message>
        <source>Images that you labelled so</source>
        <translation>您如此标注的图像</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation>已评判</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Labels that could be held out: near-duplicates count once</source>
        <translation>能够留出的标注：近似重复的图像只计一次</translation>
    </message>
    <message>
        <source>More labels of this class would help most</source>
        <translation>为此类别增加标注最有帮助</translation>
    </message>
    <message>
        <source>No held-out image was taken for it</source>
        <translation>没有留出的图像被判为此类别</translation>
    </message>
    <message>
        <source>Of the images of the class: the share that was recognised</source>
        <translation>该类别的图像中被识别出的比例</translation>
    </message>
    <message>
        <source>Of the images taken for the class: the share that is it</source>
        <translation>判为该类别的图像中确实属于它的比例</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>召回率</translation>
    </message>
    <message>
        <source>Too few labels to tell: it needs two that are not nearly the same</source>
        <translation>标注太少，无法判断：需要两张并非几乎相同的图像</translation>
    </message>
    <message>
        <source>{column}: {value}</source>
        <translation>{column}：{value}</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
    <message>
        <source>{right} of {count}: {interval}</source>
        <translation>{count} 个中有 {right} 个正确：{interval}</translation>
    </message>
</context>
<context>
    <name>Classifier</name>
    <message>
        <source>The examples that came with the model were seen by another encoder and do not count now; choose that encoder in the settings to have them again.</source>
        <translation>随模型带来的示例由另一个编码器看过，现在不计入；在设置中选择那个编码器即可重新使用它们。</translation>
    </message>
</context>
<context>
    <name>ConfusionMatrix</name>
    <message>
        <source>Confusion matrix: rows are your labels, columns what they were taken for</source>
        <translation>混淆矩阵：行是您的标注，列是判定的类别</translation>
    </message>
</context>
<context>
    <name>ConfusionModel</name>
    <message>
        <source>1 image labelled “{label}” was recognised</source>
        <translation>1 张标注为“{label}”的图像被正确识别</translation>
    </message>
    <message>
        <source>1 image labelled “{label}” was taken for “{predicted}”</source>
        <translation>1 张标注为“{label}”的图像被判为“{predicted}”</translation>
    </message>
    <message>
        <source>Labelled “{name}”: {count}</source>
        <translation>标注为“{name}”：{count}</translation>
    </message>
    <message>
        <source>Taken for “{name}”: {count}</source>
        <translation>判为“{name}”：{count}</translation>
    </message>
    <message>
        <source>{count} images labelled “{label}” were recognised</source>
        <translation>{count} 张标注为“{label}”的图像被正确识别</translation>
    </message>
    <message>
        <source>{count} images labelled “{label}” were taken for “{predicted}”</source>
        <translation>{count} 张标注为“{label}”的图像被判为“{predicted}”</translation>
    </message>
</context>
<context>
    <name>CoverageBar</name>
    <message>
        <source>1 image at {percent} % or more</source>
        <translation>1 张图像的置信度不低于 {percent}%</translation>
    </message>
    <message>
        <source>1 more is set aside and is left out.</source>
        <translation>另有 1 张已暂放，未计入。</translation>
    </message>
    <message>
        <source>1 more looks like none of these classes and is left out.</source>
        <translation>另有 1 张看起来不属于这些类别，未计入。</translation>
    </message>
    <message>
        <source>All classes</source>
        <translation>所有类别</translation>
    </message>
    <message>
        <source>From the confidences, and from how {count} held-out labels did that are recognised with {percent} % or more; the truth lies between the two numbers 95 times in 100.</source>
        <translation>依据置信度，以及以不低于 {percent}% 的置信度识别的 {count} 个留出标注的表现；真实值有 95% 的把握落在这两个数之间。</translation>
    </message>
    <message>
        <source>Label as Predicted…</source>
        <translation>按预测标注…</translation>
    </message>
    <message>
        <source>Least confidence</source>
        <translation>最低置信度</translation>
    </message>
    <message>
        <source>No image without a label is predicted with {percent} % or more.</source>
        <translation>没有未标注的图像被预测到不低于 {percent}% 的置信度。</translation>
    </message>
    <message>
        <source>None of your labels that can be held out is recognised with {percent} % or more.</source>
        <translation>能够留出的标注中，没有一个以不低于 {percent}% 的置信度被识别。</translation>
    </message>
    <message>
        <source>Only predictions of one class, or of all</source>
        <translation>只看某一个类别的预测，或全部</translation>
    </message>
    <message>
        <source>Predicted class</source>
        <translation>预测的类别</translation>
    </message>
    <message>
        <source>at least</source>
        <translation>至少</translation>
    </message>
    <message>
        <source>{count} images at {percent} % or more</source>
        <translation>{count} 张图像的置信度不低于 {percent}%</translation>
    </message>
    <message>
        <source>{count} more are set aside and are left out.</source>
        <translation>另有 {count} 张已暂放，未计入。</translation>
    </message>
    <message>
        <source>{count} more look like none of these classes and are left out.</source>
        <translation>另有 {count} 张看起来不属于这些类别，未计入。</translation>
    </message>
    <message>
        <source>{count} × “{name}” at {percent} % or more</source>
        <translation>{count} 张“{name}”的置信度不低于 {percent}%</translation>
    </message>
    <message>
        <source>{which}, about {share} % of them right (between {low} and {high}).</source>
        <translation>{which}，其中约 {share}% 正确（介于 {low} 与 {high} 之间）。</translation>
    </message>
    <message>
        <source>{which}; too few labels to tell how many are right.</source>
        <translation>{which}；标注太少，无法判断有多少正确。</translation>
    </message>
</context>
<context>
    <name>CropsDialog</name>
    <message>
        <source>&amp;People and vehicles, too</source>
        <translation>也包括人和车辆(&amp;P)</translation>
    </message>
    <message>
        <source>1 detection is an image of its own now</source>
        <translation>1 个检测目标现已成为单独的图像</translation>
    </message>
    <message>
        <source>An empty folder for the crops</source>
        <translation>存放裁剪图像的空文件夹</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Choose a folder for the crops.</source>
        <translation>请选择存放裁剪图像的文件夹。</translation>
    </message>
    <message>
        <source>Choose the file with the results.</source>
        <translation>请选择结果文件。</translation>
    </message>
    <message>
        <source>Choose the folder of the images.</source>
        <translation>请选择图像所在的文件夹。</translation>
    </message>
    <message>
        <source>Cut Out</source>
        <translation>裁剪</translation>
    </message>
    <message>
        <source>Cut out now</source>
        <translation>本次裁剪</translation>
    </message>
    <message>
        <source>Detections that are at least this &amp;sure:</source>
        <translation>置信度不低于此值的检测目标(&amp;S)：</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder for the crops</source>
        <translation>裁剪图像文件夹</translation>
    </message>
    <message>
        <source>Folder of the images</source>
        <translation>图像文件夹</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Images left out</source>
        <translation>未包含的图像</translation>
    </message>
    <message>
        <source>Images they are of</source>
        <translation>来自的图像</translation>
    </message>
    <message>
        <source>MegaDetector says where in your images an animal is; here you teach which. Each detection becomes an image in a folder of its own, to be labelled like any other. Then the classes can be written back into MegaDetector’s file.</source>
        <translation>MegaDetector 指出图像中哪里有动物；在这里您来教它是哪种动物。每个检测目标成为单独文件夹中的一张图像，像其他图像一样标注。之后可以把类别写回 MegaDetector 的文件。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Open MegaDetector Results</source>
        <translation>打开 MegaDetector 结果</translation>
    </message>
    <message>
        <source>Open the Crops</source>
        <translation>打开裁剪图像</translation>
    </message>
    <message>
        <source>Results (*.json)</source>
        <translation>结果 (*.json)</translation>
    </message>
    <message>
        <source>Results (a JSON file)</source>
        <translation>结果（JSON 文件）</translation>
    </message>
    <message>
        <source>The folder of the images</source>
        <translation>图像所在的文件夹</translation>
    </message>
    <message>
        <source>The least confidence of detections that are cut out</source>
        <translation>裁剪检测目标所需的最低置信度</translation>
    </message>
    <message>
        <source>To know</source>
        <translation>请注意</translation>
    </message>
    <message>
        <source>{count} detections are images of their own now</source>
        <translation>{count} 个检测目标现已成为单独的图像</translation>
    </message>
    <message>
        <source>{folder} crops</source>
        <translation>{folder} 裁剪</translation>
    </message>
    <message>
        <source>“{title}” was cancelled; the crops made so far stay, and the next time goes on from there.</source>
        <translation>“{title}”已取消；已裁剪的部分保留，下次会从那里继续。</translation>
    </message>
</context>
<context>
    <name>CurveChart</name>
    <message>
        <source>The first points are on their way.</source>
        <translation>首批数据点即将到来。</translation>
    </message>
    <message>
        <source>There is no point yet.</source>
        <translation>还没有数据点。</translation>
    </message>
    <message>
        <source>{name}: {first} at first, {last} at {x_name} {x}.</source>
        <translation>{name}：起初为 {first}，{x_name} {x} 时为 {last}。</translation>
    </message>
    <message>
        <source>{name}: {last} at {x_name} {x}.</source>
        <translation>{name}：{x_name} {x} 时为 {last}。</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
</context>
<context>
    <name>DetectionsDialog</name>
    <message>
        <source>1 detection has a class now</source>
        <translation>1 个检测目标现已有类别</translation>
    </message>
    <message>
        <source>A copy of MegaDetector’s file with a class for every crop, as AddaxAI and Timelapse read it: your labels with certainty, predictions with their probabilities. Everything else in it stays as it was.</source>
        <translation>MegaDetector 文件的副本，其中每张裁剪图像都有类别，AddaxAI 和 Timelapse 可以读取：您的标注为确定，预测带有概率。其余内容保持不变。</translation>
    </message>
    <message>
        <source>Choose where to save it.</source>
        <translation>请选择保存位置。</translation>
    </message>
    <message>
        <source>Crops without a class</source>
        <translation>没有类别的裁剪图像</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Results (*.json)</source>
        <translation>结果 (*.json)</translation>
    </message>
    <message>
        <source>With a prediction</source>
        <translation>由模型预测</translation>
    </message>
    <message>
        <source>With your label</source>
        <translation>由您标注</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>Write MegaDetector Results</source>
        <translation>写入 MegaDetector 结果</translation>
    </message>
    <message>
        <source>Writing MegaDetector results</source>
        <translation>正在写入 MegaDetector 结果</translation>
    </message>
    <message>
        <source>{count} detections have a class now</source>
        <translation>{count} 个检测目标现已有类别</translation>
    </message>
</context>
<context>
    <name>DoubtfulLabels</name>
    <message>
        <source>1 more follows when these are settled.</source>
        <translation>处理完这些之后，还有 1 个。</translation>
    </message>
    <message>
        <source>A class’s key labels the image whose buttons have the keyboard’s attention; Tab goes on.</source>
        <translation>按类别的快捷键可标注键盘焦点所在的图像；按 Tab 前往下一个。</translation>
    </message>
    <message>
        <source>Labels that look wrong</source>
        <translation>可能有误的标注</translation>
    </message>
    <message>
        <source>No label looks wrong.</source>
        <translation>没有看起来有误的标注。</translation>
    </message>
    <message>
        <source>Too few labels to tell whether one of them is wrong.</source>
        <translation>标注太少，无法判断其中是否有误。</translation>
    </message>
    <message>
        <source>{count} more follow when these are settled.</source>
        <translation>处理完这些之后，还有 {count} 个。</translation>
    </message>
</context>
<context>
    <name>DoubtfulRow</name>
    <message>
        <source>Change to {name}</source>
        <translation>改为“{name}”</translation>
    </message>
    <message>
        <source>It shows none of your classes (0)</source>
        <translation>它不属于您的任何类别（0）</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Labelled {own}, looks like {likely} ({percent} %)</source>
        <translation>标注为“{own}”，看起来像“{likely}”（{percent}%）</translation>
    </message>
    <message>
        <source>Remove Label</source>
        <translation>移除标注</translation>
    </message>
</context>
<context>
    <name>Duplicates</name>
    <message>
        <source>1 group of {images} images.</source>
        <translation>1 组，共 {images} 张图像。</translation>
    </message>
    <message>
        <source>Bursts and duplicates are looked for once all images are known.</source>
        <translation>所有图像都处理完后，才会查找连拍和重复图像。</translation>
    </message>
    <message>
        <source>Copies, bursts and near-duplicates</source>
        <translation>副本、连拍和近似重复</translation>
    </message>
    <message>
        <source>Look at All of Them</source>
        <translation>查看全部</translation>
    </message>
    <message>
        <source>Look at Them</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>These are the groups that the gallery shows. One label each is mostly enough: near-duplicates count as one when the answers are judged.</source>
        <translation>这些就是图像库中显示的组。每组通常有一个标注就够了：评判答案时，近似重复的图像只算一个。</translation>
    </message>
    <message>
        <source>No two images of the folder are nearly the same.</source>
        <translation>文件夹中没有几乎相同的图像。</translation>
    </message>
    <message>
        <source>{count} images</source>
        <translation>{count} 张图像</translation>
    </message>
    <message>
        <source>{count} images with different labels</source>
        <translation>{count} 张图像的标注互不相同</translation>
    </message>
    <message>
        <source>{groups} groups of {images} images together.</source>
        <translation>{groups} 组，共 {images} 张图像。</translation>
    </message>
</context>
<context>
    <name>Editing</name>
    <message>
        <source>Changed the label of 1 image from “{old}” to “{new}”.</source>
        <translation>已将 1 张图像的标注从“{old}”改为“{new}”。</translation>
    </message>
    <message>
        <source>Changed the labels of {count} images to “{new}”.</source>
        <translation>已将 {count} 张图像的标注改为“{new}”。</translation>
    </message>
    <message>
        <source>Imported 1 label.</source>
        <translation>已导入 1 个标注。</translation>
    </message>
    <message>
        <source>Imported {count} labels.</source>
        <translation>已导入 {count} 个标注。</translation>
    </message>
    <message>
        <source>Labelled 1 image.</source>
        <translation>已标注 1 张图像。</translation>
    </message>
    <message>
        <source>Labelled {count} images.</source>
        <translation>已标注 {count} 张图像。</translation>
    </message>
</context>
<context>
    <name>Effort</name>
    <message>
        <source>Fine-tuned</source>
        <translation>微调</translation>
    </message>
    <message>
        <source>Instant</source>
        <translation>即时</translation>
    </message>
    <message>
        <source>Thorough</source>
        <translation>深入</translation>
    </message>
    <message>
        <source>{count} hours</source>
        <translation>{count} 小时</translation>
    </message>
    <message>
        <source>{count} minutes</source>
        <translation>{count} 分钟</translation>
    </message>
    <message>
        <source>{count} s</source>
        <translation>{count} 秒</translation>
    </message>
    <message>
        <source>{count} seconds</source>
        <translation>{count} 秒</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} 小时 {minutes} 分钟</translation>
    </message>
    <message>
        <source>{minutes} min {seconds} s</source>
        <translation>{minutes} 分钟 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>EffortButton</name>
    <message>
        <source>Effort: {effort}. A click chooses another.</source>
        <translation>模式：{effort}。点击可选择其他模式。</translation>
    </message>
    <message>
        <source>Fine-Tune…</source>
        <translation>微调…</translation>
    </message>
    <message>
        <source>Fine-tuned: when you pause, with the tuned encoder</source>
        <translation>微调：在您停顿时，用微调后的编码器进行</translation>
    </message>
    <message>
        <source>Instant: after every click</source>
        <translation>即时：每次操作后立即更新</translation>
    </message>
    <message>
        <source>Plain prototypes, judged alike: {percent} %.</source>
        <translation>以同样方式评判，普通原型：{percent}%。</translation>
    </message>
    <message>
        <source>The encoder was fine-tuned and judged with {count} labels; {newer} have changed since. They count, but have not been judged by.</source>
        <translation>编码器是用 {count} 个标注微调和评判的；此后有 {newer} 个标注变动。它们计入结果，但未用于评判。</translation>
    </message>
    <message>
        <source>The instant effort, judged alike: {percent} %.</source>
        <translation>以同样方式评判，即时模式：{percent}%。</translation>
    </message>
    <message>
        <source>The thorough effort is at work, {percent} % done.</source>
        <translation>正在深入计算，已完成 {percent}%。</translation>
    </message>
    <message>
        <source>The thorough effort is at work.</source>
        <translation>正在深入计算。</translation>
    </message>
    <message>
        <source>The thorough effort, judged alike: {percent} %.</source>
        <translation>以同样方式评判，深入模式：{percent}%。</translation>
    </message>
    <message>
        <source>Thorough: when you pause, kept where it is better</source>
        <translation>深入：在您停顿时进行，更好时才采用</translation>
    </message>
    <message>
        <source>Until it is checked, the answers on screen are of the effort {effort}.</source>
        <translation>检验完成之前，屏幕上的结果来自“{effort}”模式。</translation>
    </message>
    <message>
        <source>What decides is how probable the right classes are made, not the share of hits alone: that tells more from the same labels.</source>
        <translation>起决定作用的是正确类别得到的概率有多高，而不只是正确的比例：同样的标注，前者能说明更多。</translation>
    </message>
    <message>
        <source>What went in: {kept}.</source>
        <translation>所用方法：{kept}。</translation>
    </message>
    <message>
        <source>{right} of {judged} labels came out right when each was classified by a model that had not seen it or its near-duplicates. In the accuracy classes count alike; the truth lies between the two bounds 95 times in 100.</source>
        <translation>{judged} 个标注各由未见过它及其近似重复图像的模型来分类，其中 {right} 个判断正确。在准确率中各类别权重相同；真实值有 95% 的把握落在两个界限之间。</translation>
    </message>
</context>
<context>
    <name>Emptiness</name>
    <message>
        <source>Bursts and duplicates are looked for once all images are known.</source>
        <translation>所有图像都处理完后，才会查找连拍和重复图像。</translation>
    </message>
    <message>
        <source>Clear Filters</source>
        <translation>清除筛选</translation>
    </message>
    <message>
        <source>Each label is what the other labels would make of its image.</source>
        <translation>每个标注都与其他标注对该图像的判断一致。</translation>
    </message>
    <message>
        <source>Each of them leaves something out; take one off, or all.</source>
        <translation>每个筛选条件都会排除一些图像；请去掉其中一个，或全部清除。</translation>
    </message>
    <message>
        <source>Every file can be read</source>
        <translation>所有文件都能读取</translation>
    </message>
    <message>
        <source>Every image here has a label of yours.</source>
        <translation>这里的每张图像都有您的标注。</translation>
    </message>
    <message>
        <source>Every image looks like one of your classes.</source>
        <translation>每张图像看起来都属于您的某个类别。</translation>
    </message>
    <message>
        <source>Everything is labelled</source>
        <translation>全部标注完毕</translation>
    </message>
    <message>
        <source>Move the slider to the left, or label a few more images.</source>
        <translation>请将滑块左移，或再标注几张图像。</translation>
    </message>
    <message>
        <source>No duplicates, no bursts</source>
        <translation>没有重复图像或连拍</translation>
    </message>
    <message>
        <source>No file has all words of “{text}” in its name or its folders.</source>
        <translation>没有文件的名称或文件夹中包含“{text}”的所有词。</translation>
    </message>
    <message>
        <source>No file has “{text}” in its name or its folders.</source>
        <translation>没有文件的名称或文件夹中包含“{text}”。</translation>
    </message>
    <message>
        <source>No image is labelled or predicted as this class.</source>
        <translation>没有标注或预测为此类别的图像。</translation>
    </message>
    <message>
        <source>No images</source>
        <translation>没有图像</translation>
    </message>
    <message>
        <source>No label looks wrong</source>
        <translation>没有看起来有误的标注</translation>
    </message>
    <message>
        <source>No prediction has two classes that are close to each other.</source>
        <translation>没有哪个预测存在两个相近的类别。</translation>
    </message>
    <message>
        <source>No such name</source>
        <translation>没有这样的名称</translation>
    </message>
    <message>
        <source>No two images show the same.</source>
        <translation>没有两张图像内容相同。</translation>
    </message>
    <message>
        <source>No unlabelled image is unsure or may be of this class. Those that are set aside or show the same as a labelled image are left out.</source>
        <translation>没有不确定或可能属于此类别的未标注图像。已暂放的图像以及与已标注图像内容相同的图像不计在内。</translation>
    </message>
    <message>
        <source>U sets the selected images aside, for those that you cannot tell.</source>
        <translation>U 暂放所选图像，用于难以判断的图像。</translation>
    </message>
    <message>
        <source>What passes the filters appears here as soon as it is known.</source>
        <translation>符合筛选条件的图像一经确定就会显示在这里。</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>尚不清楚</translation>
    </message>
    <message>
        <source>Nothing here yet</source>
        <translation>这里还没有内容</translation>
    </message>
    <message>
        <source>Nothing labelled yet</source>
        <translation>还没有标注</translation>
    </message>
    <message>
        <source>Nothing passes all filters</source>
        <translation>没有图像符合所有筛选条件</translation>
    </message>
    <message>
        <source>Nothing predicted</source>
        <translation>没有预测</translation>
    </message>
    <message>
        <source>Nothing set aside</source>
        <translation>没有暂放的图像</translation>
    </message>
    <message>
        <source>Nothing strange</source>
        <translation>没有异常图像</translation>
    </message>
    <message>
        <source>Nothing that confident</source>
        <translation>没有这么高的置信度</translation>
    </message>
    <message>
        <source>Nothing unsure</source>
        <translation>没有不确定的图像</translation>
    </message>
    <message>
        <source>Nothing worth labelling</source>
        <translation>没有值得标注的图像</translation>
    </message>
    <message>
        <source>Select images and press the key of a class.</source>
        <translation>选择图像，然后按类别的快捷键。</translation>
    </message>
    <message>
        <source>Still reading the images…</source>
        <translation>仍在读取图像…</translation>
    </message>
    <message>
        <source>These images are not there any more</source>
        <translation>这些图像已不存在</translation>
    </message>
</context>
<context>
    <name>EmptyFolderPage</name>
    <message>
        <source>Find the Images…</source>
        <translation>查找图像…</translation>
    </message>
    <message>
        <source>Handful looked in {folder} and its sub-folders for image files: JPEG, PNG, TIFF, WebP, AVIF, GIF, BMP and the like. Copy some there and look again, or open another folder.</source>
        <translation>Handful 已在 {folder} 及其子文件夹中查找图像文件：JPEG、PNG、TIFF、WebP、AVIF、GIF、BMP 等。请将图像复制到其中后重新查找，或打开其他文件夹。</translation>
    </message>
    <message>
        <source>Look Again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Looking for images…</source>
        <translation>正在查找图像…</translation>
    </message>
    <message>
        <source>No images in “{name}”</source>
        <translation>“{name}”中没有图像</translation>
    </message>
    <message>
        <source>None of the {count} images of this project was found in {folder}. If they were moved, show Handful where they are; your labels are kept.</source>
        <translation>在 {folder} 中没有找到此项目 {count} 张图像中的任何一张。如果图像已被移动，请告诉 Handful 它们的位置；您的标注会保留。</translation>
    </message>
    <message>
        <source>Open Another Folder…</source>
        <translation>打开其他文件夹…</translation>
    </message>
    <message>
        <source>Scan the folder again (F5)</source>
        <translation>重新扫描文件夹（F5）</translation>
    </message>
    <message>
        <source>Show Handful where the images of this project are</source>
        <translation>告诉 Handful 此项目的图像在哪里</translation>
    </message>
    <message>
        <source>The folder is not there any more</source>
        <translation>文件夹已不存在</translation>
    </message>
    <message>
        <source>The images are not in “{name}”</source>
        <translation>图像不在“{name}”中</translation>
    </message>
    <message>
        <source>The only image of this project was not found in {folder}. If it was moved, show Handful where it is; your labels are kept.</source>
        <translation>在 {folder} 中没有找到此项目唯一的图像。如果图像已被移动，请告诉 Handful 它的位置；您的标注会保留。</translation>
    </message>
    <message>
        <source>{folder} could not be found. If it was moved, or lies on a disk that is not plugged in, show Handful where it is; your labels are kept.</source>
        <translation>找不到 {folder}。如果它已被移动，或位于尚未连接的磁盘上，请告诉 Handful 它的位置；您的标注会保留。</translation>
    </message>
</context>
<context>
    <name>EncoderList</name>
    <message>
        <source>Embedding</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>Encoders</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>{count} numbers</source>
        <translation>{count} 个数</translation>
    </message>
    <message>
        <source>{name} (in use)</source>
        <translation>{name}（正在使用）</translation>
    </message>
    <message>
        <source>{name}, comes with Handful</source>
        <translation>{name}，Handful 自带</translation>
    </message>
</context>
<context>
    <name>Encoders</name>
    <message>
        <source>Adding the encoder {name}</source>
        <translation>正在添加编码器 {name}</translation>
    </message>
    <message>
        <source>The encoder is not added yet and would have to be added anew.</source>
        <translation>编码器尚未添加完成，之后需要重新添加。</translation>
    </message>
</context>
<context>
    <name>EngineRestart</name>
    <message>
        <source>Restarting the engine</source>
        <translation>重新启动引擎</translation>
    </message>
</context>
<context>
    <name>EngineSection</name>
    <message>
        <source>A GPU where one works, else the CPU, by OpenVINO where that is faster.</source>
        <translation>可用时使用 GPU，否则使用 CPU；若 OpenVINO 更快，则由其运行。</translation>
    </message>
    <message>
        <source>A GPU where one works, else the CPU.</source>
        <translation>有可用的 GPU 时使用 GPU，否则使用 CPU。</translation>
    </message>
    <message>
        <source>A network of timm or torchvision</source>
        <translation>timm 或 torchvision 中的网络</translation>
    </message>
    <message>
        <source>Add an encoder</source>
        <translation>添加编码器</translation>
    </message>
    <message>
        <source>Add by Name…</source>
        <translation>按名称添加…</translation>
    </message>
    <message>
        <source>Add from File…</source>
        <translation>从文件添加…</translation>
    </message>
    <message>
        <source>An encoder file, as meta-training writes it</source>
        <translation>由元训练写出的编码器文件</translation>
    </message>
    <message>
        <source>Another encoder is being added; try again when that is done.</source>
        <translation>正在添加另一个编码器；请等它完成后再试。</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>CPU by OpenVINO</source>
        <translation>CPU（OpenVINO）</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Delete this encoder&apos;s file</source>
        <translation>删除此编码器的文件</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Encoders (*.safetensors)</source>
        <translation>编码器 (*.safetensors)</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>In use: {device} ({provider}).</source>
        <translation>正在使用：{device}（{provider}）。</translation>
    </message>
    <message>
        <source>Its file {path} is deleted. What it has read of your images stays in the cache, should you add it again.</source>
        <translation>其文件 {path} 将被删除。它从您的图像读取的内容会留在缓存中，以备再次添加。</translation>
    </message>
    <message>
        <source>Keep Working</source>
        <translation>继续工作</translation>
    </message>
    <message>
        <source>Leaves a GPU to other programs.</source>
        <translation>将 GPU 留给其他程序。</translation>
    </message>
    <message>
        <source>NVIDIA GPU (CUDA)</source>
        <translation>NVIDIA GPU（CUDA）</translation>
    </message>
    <message>
        <source>No NVIDIA GPU was found on this computer.</source>
        <translation>在这台电脑上没有找到 NVIDIA GPU。</translation>
    </message>
    <message>
        <source>Not used: {reason}.</source>
        <translation>未使用：{reason}。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove the encoder {name}?</source>
        <translation>移除编码器 {name}？</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>移除…</translation>
    </message>
    <message>
        <source>Restart Anyway</source>
        <translation>仍然重新启动</translation>
    </message>
    <message>
        <source>Restart the engine now?</source>
        <translation>现在重新启动引擎？</translation>
    </message>
    <message>
        <source>Says so where it cannot be used.</source>
        <translation>无法使用时会告知原因。</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>The encoder {name} was added; the settings are where to use it.</source>
        <translation>已添加编码器 {name}；可在设置中使用它。</translation>
    </message>
    <message>
        <source>The engine is loading…</source>
        <translation>引擎正在加载…</translation>
    </message>
    <message>
        <source>The engine is restarting…</source>
        <translation>引擎正在重新启动…</translation>
    </message>
    <message>
        <source>The network that looks at the images. With another one the folder is read anew; labels and classes stay, and so does what the encoder before it has read.</source>
        <translation>查看图像的网络。换用另一个编码器后会重新读取文件夹；标注和类别保留，之前的编码器读取的内容也保留。</translation>
    </message>
    <message>
        <source>There is an NVIDIA GPU; you chose the CPU.</source>
        <translation>有 NVIDIA GPU，但您选择了 CPU。</translation>
    </message>
    <message>
        <source>This one comes with Handful and stays</source>
        <translation>这是 Handful 自带的，不能移除</translation>
    </message>
    <message>
        <source>Use This</source>
        <translation>使用此编码器</translation>
    </message>
    <message>
        <source>Use another encoder first</source>
        <translation>请先改用其他编码器</translation>
    </message>
    <message>
        <source>Your labels are all saved.</source>
        <translation>您的标注都已保存。</translation>
    </message>
    <message>
        <source>{name} was added; press Use This to work with it.</source>
        <translation>已添加 {name}；按“使用此编码器”即可使用。</translation>
    </message>
</context>
<context>
    <name>EvaluationPage</name>
    <message>
        <source>Arrow keys, Enter</source>
        <translation>方向键、Enter</translation>
    </message>
    <message>
        <source>Back to all images</source>
        <translation>返回所有图像</translation>
    </message>
    <message>
        <source>Confusion</source>
        <translation>混淆</translation>
    </message>
    <message>
        <source>Duplicates</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Duplicates ({count})</source>
        <translation>重复（{count}）</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>G</source>
        <translation>G</translation>
    </message>
    <message>
        <source>Go to a cell or class, and to its images</source>
        <translation>选择单元格或类别，并查看其图像</translation>
    </message>
    <message>
        <source>HTML (*{suffix})</source>
        <translation>HTML (*{suffix})</translation>
    </message>
    <message>
        <source>Labels to Check</source>
        <translation>待检查的标注</translation>
    </message>
    <message>
        <source>Labels to Check ({count})</source>
        <translation>待检查的标注（{count}）</translation>
    </message>
    <message>
        <source>Looking again…</source>
        <translation>正在重新检查…</translation>
    </message>
    <message>
        <source>Looking at the labels…</source>
        <translation>正在检查标注…</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>PDF (*{suffix})</source>
        <translation>PDF (*{suffix})</translation>
    </message>
    <message>
        <source>Parts of the evaluation</source>
        <translation>评估的各部分</translation>
    </message>
    <message>
        <source>Rows: your labels; columns: what they were taken for, unseen. {accuracy}. Effort: {effort}.</source>
        <translation>行：您的标注；列：在未见过它们时判定的类别。{accuracy}。模式：{effort}。</translation>
    </message>
    <message>
        <source>Save Report…</source>
        <translation>保存报告…</translation>
    </message>
    <message>
        <source>Save all figures of the evaluation as one HTML or PDF file</source>
        <translation>将评估的全部数字保存为一个 HTML 或 PDF 文件</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Show the images behind a cell among all</source>
        <translation>在所有图像中显示单元格对应的图像</translation>
    </message>
    <message>
        <source>The report is in {path}.</source>
        <translation>报告已保存到 {path}。</translation>
    </message>
    <message>
        <source>{project} evaluation</source>
        <translation>{project} 评估</translation>
    </message>
</context>
<context>
    <name>ExpectedGain</name>
    <message>
        <source>Estimating how good the predictions are…</source>
        <translation>正在估计预测的好坏…</translation>
    </message>
    <message>
        <source>Label images of at least two classes, and the predictions begin.</source>
        <translation>标注至少两个类别的图像后，就会开始预测。</translation>
    </message>
    <message>
        <source>The engine is loading. Labels count already; predictions follow.</source>
        <translation>引擎正在加载。标注已经有效，预测随后给出。</translation>
    </message>
    <message>
        <source>Too few labels to tell how often it is right: label at least two images of each class, better five.</source>
        <translation>标注太少，无法判断正确率：请为每个类别至少标注两张图像，最好五张。</translation>
    </message>
    <message>
        <source>{accuracy}.</source>
        <translation>{accuracy}。</translation>
    </message>
    <message>
        <source>{accuracy}. {count} more labels will hardly change that.</source>
        <translation>{accuracy}。再标注 {count} 张也几乎不会改变。</translation>
    </message>
    <message>
        <source>{accuracy}. {count} more labels: perhaps {soon} %.</source>
        <translation>{accuracy}。再标注 {count} 张，或可达 {soon}%。</translation>
    </message>
</context>
<context>
    <name>ExplanationPanel</name>
    <message>
        <source>Back to {name}</source>
        <translation>返回“{name}”</translation>
    </message>
    <message>
        <source>Hide why (W)</source>
        <translation>隐藏依据（W）</translation>
    </message>
    <message>
        <source>How much of the colours is seen: to the left the picture itself comes out</source>
        <translation>颜色的浓淡：越向左，图片本身越清晰</translation>
    </message>
    <message>
        <source>Label images of at least two classes first; then this tells why.</source>
        <translation>请先标注至少两个类别的图像，之后这里会说明原因。</translation>
    </message>
    <message>
        <source>Looking at the picture…</source>
        <translation>正在分析图片…</translation>
    </message>
    <message>
        <source>Orange parts speak for {name}, blue ones against it; all together make its score, {score} (0: the average class).</source>
        <translation>橙色部分支持“{name}”，蓝色部分反对；它们合起来就是其得分 {score}（0 为各类别的平均值）。</translation>
    </message>
    <message>
        <source>Show which parts of the picture speak for the class, and its nearest examples</source>
        <translation>显示图片中哪些部分支持该类别，以及最相近的示例</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>强度</translation>
    </message>
    <message>
        <source>Strength of the colours</source>
        <translation>颜色浓度</translation>
    </message>
    <message>
        <source>The picture cannot be read, so there is nothing to explain.</source>
        <translation>图片无法读取，因此没有可解释的内容。</translation>
    </message>
    <message>
        <source>The score of {name} is {score} (0: the average class). The encoder in use cannot tell which parts of the picture speak for it; Handful&apos;s own can.</source>
        <translation>“{name}”的得分为 {score}（0 为各类别的平均值）。正在使用的编码器无法判断图片的哪些部分支持它；Handful 自带的编码器可以。</translation>
    </message>
    <message>
        <source>There is no prediction for this image yet.</source>
        <translation>这张图像还没有预测。</translation>
    </message>
    <message>
        <source>Why {name}?</source>
        <translation>为什么是“{name}”？</translation>
    </message>
    <message>
        <source>Why? (W)</source>
        <translation>为什么？（W）</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>&amp;Half precision (fp16)</source>
        <translation>半精度（fp16）(&amp;H)</translation>
    </message>
    <message>
        <source>8-bit &amp;integers (int8)</source>
        <translation>8 位整数（int8）(&amp;I)</translation>
    </message>
    <message>
        <source>8-bit integers</source>
        <translation>8 位整数</translation>
    </message>
    <message>
        <source>A bundle has the model, a plain variant for other runtimes (OpenCV), a card with the evaluation, a program that needs only Python, and a self-test with small copies of five of your images.</source>
        <translation>包中有模型、供其他运行环境（OpenCV）使用的简化变体、附评估的模型卡、只需要 Python 的程序，以及用您的五张图像的缩小副本进行的自检。</translation>
    </message>
    <message>
        <source>Also in lower precision</source>
        <translation>同时导出较低精度</translation>
    </message>
    <message>
        <source>Bundle</source>
        <translation>包</translation>
    </message>
    <message>
        <source>Bundle (.&amp;zip)</source>
        <translation>包（.zip）(&amp;Z)</translation>
    </message>
    <message>
        <source>Bundle (f&amp;older)</source>
        <translation>包（文件夹）(&amp;O)</translation>
    </message>
    <message>
        <source>Checked with</source>
        <translation>检查工具</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export Model as ONNX</source>
        <translation>将模型导出为 ONNX</translation>
    </message>
    <message>
        <source>Export as</source>
        <translation>导出为</translation>
    </message>
    <message>
        <source>Exported, and checked on {count} of your images</source>
        <translation>已导出，并用您的 {count} 张图像做了检查</translation>
    </message>
    <message>
        <source>Exported, but not every image got the same class</source>
        <translation>已导出，但并非每张图像都得到相同的类别</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Files checked</source>
        <translation>检查的文件数</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Full precision</source>
        <translation>全精度</translation>
    </message>
    <message>
        <source>Half precision</source>
        <translation>半精度</translation>
    </message>
    <message>
        <source>Half the size, made for graphics cards; on processors about as quick or somewhat slower.</source>
        <translation>大小减半，适合显卡；在处理器上速度相近或略慢。</translation>
    </message>
    <message>
        <source>In it</source>
        <translation>其中</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>未包含</translation>
    </message>
    <message>
        <source>Less than half the size and often quicker on processors. Takes a minute or more, and is written only if 99 % of the images it is checked on keep their class.</source>
        <translation>大小不到一半，在处理器上通常更快。需要一分钟或更久，且只有在所检查的图像中有 99% 保持原类别时才会写出。</translation>
    </message>
    <message>
        <source>New folder (*)</source>
        <translation>新文件夹 (*)</translation>
    </message>
    <message>
        <source>ONNX models (*.onnx)</source>
        <translation>ONNX 模型 (*.onnx)</translation>
    </message>
    <message>
        <source>One ONNX &amp;file</source>
        <translation>单个 ONNX 文件(&amp;F)</translation>
    </message>
    <message>
        <source>One file with the network, its preprocessing and your classes ({names}). It takes images of any size and gives probabilities, in any program that reads ONNX. Before it gets its name it is run on your own images and compared with Handful.</source>
        <translation>一个文件，包含网络、预处理和您的类别（{names}）。它接受任意大小的图像并给出概率，可用于任何能读取 ONNX 的程序。在正式命名之前，会用您自己的图像运行它，并与 Handful 的结果进行比较。</translation>
    </message>
    <message>
        <source>Read as Handful does</source>
        <translation>按 Handful 的方式读取</translation>
    </message>
    <message>
        <source>Read in full</source>
        <translation>完整读取</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>With it</source>
        <translation>附带文件</translation>
    </message>
    <message>
        <source>Zip files (*.zip)</source>
        <translation>Zip 文件 (*.zip)</translation>
    </message>
    <message>
        <source>largest difference in probability {difference}</source>
        <translation>概率的最大差异为 {difference}</translation>
    </message>
    <message>
        <source>{agree} of {clear} clear files get the same class (margin over {margin})</source>
        <translation>{clear} 个明确的文件中有 {agree} 个得到相同的类别（差距大于 {margin}）</translation>
    </message>
    <message>
        <source>{agree} of {total} images get the same class</source>
        <translation>{total} 幅图像中有 {agree} 幅得到相同的类别</translation>
    </message>
    <message>
        <source>{names} have no example and are left out.</source>
        <translation>{names} 没有示例，已略去。</translation>
    </message>
    <message>
        <source>{names} of the former model</source>
        <translation>原模型的 {names}</translation>
    </message>
    <message>
        <source>{name} has no example and is left out.</source>
        <translation>{name} 没有示例，已略去。</translation>
    </message>
    <message>
        <source>{name}, {size}</source>
        <translation>{name}，{size}</translation>
    </message>
    <message>
        <source>{rate} images/s on one thread</source>
        <translation>单线程每秒 {rate} 张图像</translation>
    </message>
</context>
<context>
    <name>Figures</name>
    <message>
        <source>An image is judged by the others of its class: label at least two images of each class that are not nearly the same, better five.</source>
        <translation>每张图像由同类别的其他图像来评判：请为每个类别至少标注两张并非几乎相同的图像，最好五张。</translation>
    </message>
    <message>
        <source>Held-out accuracy {accuracy}</source>
        <translation>留出准确率 {accuracy}</translation>
    </message>
    <message>
        <source>About {percent} % right on labels it had not seen ({low} to {high} %)</source>
        <translation>对未见过的标注，正确率约 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>About {percent} % right of images of your classes ({low} to {high} %)</source>
        <translation>对属于您的类别的图像，正确率约 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>About {percent} % right of {count} of {all} classes ({low} to {high} %)</source>
        <translation>对 {all} 个类别中的 {count} 个，正确率约 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>Accuracy not known yet</source>
        <translation>准确率尚不可知</translation>
    </message>
    <message>
        <source>Expected calibration error {error}; were every confidence true, as many labels would give about {chance}.</source>
        <translation>期望校准误差为 {error}；如果所有置信度都准确，同样数量的标注会得到约 {chance}。</translation>
    </message>
    <message>
        <source>How many of such images are found out, is not known.</source>
        <translation>这类图像中有多少能被识别出来，尚不清楚。</translation>
    </message>
    <message>
        <source>Of {judged} images labelled “none of these”, {found} would look like none of the classes had nobody labelled them ({low} to {high} %).</source>
        <translation>在 {judged} 张标注为“都不是”的图像中，如果没有人标注，有 {found} 张会被看作不属于任何类别（{low} 至 {high}%）。</translation>
    </message>
    <message>
        <source>On held-out labels confidence and share right are {error} percentage points apart on average.</source>
        <translation>在留出的标注上，置信度与正确比例平均相差 {error} 个百分点。</translation>
    </message>
    <message>
        <source>On the mean of the classes: precision {precision}, recall {recall}, F1 {f1}. Of all held-out labels, large classes counting for more: {share}.</source>
        <translation>各类别平均：精确率 {precision}，召回率 {recall}，F1 {f1}。在所有留出的标注中（大类别所占比重更大）：{share}。</translation>
    </message>
    <message>
        <source>The accuracy is that of images that show one of your classes. What shows none of them is not in it, and is predicted as one of them all the same; 1 unlabelled image looks like none.</source>
        <translation>此准确率只针对属于您的某个类别的图像。不属于任何类别的图像不在其中，但仍会被预测为某个类别；有 1 张未标注图像看起来都不是。</translation>
    </message>
    <message>
        <source>The accuracy is that of images that show one of your classes. What shows none of them is not in it, and is predicted as one of them all the same; {count} unlabelled images look like none.</source>
        <translation>此准确率只针对属于您的某个类别的图像。不属于任何类别的图像不在其中，但仍会被预测为某个类别；有 {count} 张未标注图像看起来都不是。</translation>
    </message>
    <message>
        <source>The accuracy is that of the {count} classes that have examples: images of the other {empty} are all predicted as one of these.</source>
        <translation>此准确率只针对有示例的 {count} 个类别：其余 {empty} 个类别的图像都会被预测为这些类别之一。</translation>
    </message>
    <message>
        <source>The accuracy is that of the {count} classes that have examples: “{name}” has none yet, so each of its images is predicted as another class.</source>
        <translation>此准确率只针对有示例的 {count} 个类别：“{name}”还没有示例，因此它的每张图像都会被预测为其他类别。</translation>
    </message>
    <message>
        <source>The confidences are too high for some images, too low for others.</source>
        <translation>置信度对一些图像过高，对另一些图像过低。</translation>
    </message>
    <message>
        <source>The confidences can be believed as far as these labels can tell.</source>
        <translation>就这些标注而言，置信度可以相信。</translation>
    </message>
    <message>
        <source>The confidences promise too little.</source>
        <translation>置信度偏低。</translation>
    </message>
    <message>
        <source>The confidences promise too much.</source>
        <translation>置信度偏高。</translation>
    </message>
    <message>
        <source>The last point is the accuracy above, the others what it would be with fewer labels of each class. How much they differ was measured with quick fits to some of your labels only. The band is the 95 % interval.</source>
        <translation>最后一点就是上面的准确率，其余各点是每个类别标注较少时的准确率。它们之间的差别，是只用您的部分标注快速拟合测得的。色带为 95% 区间。</translation>
    </message>
    <message>
        <source>Too few labels to tell how good the answers are</source>
        <translation>标注太少，无法判断结果的好坏</translation>
    </message>
    <message>
        <source>Too few labels to tell how often it is right</source>
        <translation>标注太少，无法判断正确率</translation>
    </message>
    <message>
        <source>{accuracy}, being checked…</source>
        <translation>{accuracy}，正在检验…</translation>
    </message>
    <message>
        <source>{effort} effort, whose answers are those on screen. {right} of {judged} labelled images came out right when each was classified by a model that had not seen it or its near-duplicates. In the accuracy classes count alike, large or small; the truth lies between the two bounds 95 times in 100.</source>
        <translation>{effort}模式，屏幕上显示的就是它的结果。{judged} 张已标注图像各由未见过它及其近似重复图像的模型来分类，其中 {right} 张判断正确。在准确率中，各类别无论大小权重相同；真实值有 95% 的把握落在两个界限之间。</translation>
    </message>
    <message>
        <source>{effort} effort, with the labels as they were; those of now are being checked. {right} of {judged} labelled images came out right when each was classified by a model that had not seen it or its near-duplicates. In the accuracy classes count alike, large or small; the truth lies between the two bounds 95 times in 100.</source>
        <translation>{effort}模式，使用此前的标注；现在的标注正在检验。{judged} 张已标注图像各由未见过它及其近似重复图像的模型来分类，其中 {right} 张判断正确。在准确率中，各类别无论大小权重相同；真实值有 95% 的把握落在两个界限之间。</translation>
    </message>
    <message>
        <source>{judged} of {labels} labels could be judged: the others are near-duplicates of one of those, the only label of their class, or cannot be read.</source>
        <translation>{labels} 个标注中有 {judged} 个可以评判：其余的是其中某一个的近似重复、所属类别的唯一标注，或无法读取。</translation>
    </message>
    <message>
        <source>{judged} of {labels} labels of your classes could be judged: the others are near-duplicates of one of those, the only label of their class, or cannot be read. Labels of “none of these” ({none}) are not among them.</source>
        <translation>您的类别的 {labels} 个标注中有 {judged} 个可以评判：其余的是其中某一个的近似重复、所属类别的唯一标注，或无法读取。“都不是”的标注（{none} 个）不计在内。</translation>
    </message>
    <message>
        <source>{percent} % ({low} to {high} %)</source>
        <translation>{percent}%（{low}% 至 {high}%）</translation>
    </message>
    <message>
        <source>{percent} % right ({low} to {high} %)</source>
        <translation>正确率 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>{percent} % right within your classes ({low} to {high} %)</source>
        <translation>在您的类别内正确率 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>{percent} % right within {count} of {all} classes ({low} to {high} %)</source>
        <translation>{all} 个类别中 {count} 个的正确率 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>{verdict} {numbers}</source>
        <translation>{verdict}{numbers}</translation>
    </message>
</context>
<context>
    <name>Filters</name>
    <message>
        <source>No unlabelled image is predicted as “{name}” yet; these are sorted by how much they look like its labels.</source>
        <translation>还没有未标注图像被预测为“{name}”；这些图像按与该类别标注的相似程度排序。</translation>
    </message>
    <message>
        <source>Select one image or more first; the others are then sorted by how alike they are.</source>
        <translation>请先选择一张或多张图像；其他图像将按相似程度排序。</translation>
    </message>
    <message>
        <source>“{name}” has no label yet. First come the images that are least like the classes that have; label the first “{name}” that you see.</source>
        <translation>“{name}”还没有标注。最不像已有标注类别的图像排在前面；请标注您看到的第一张“{name}”。</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>1 match</source>
        <translation>1 个匹配</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Find by name or folder</source>
        <translation>按名称或文件夹查找</translation>
    </message>
    <message>
        <source>Matches</source>
        <translation>匹配</translation>
    </message>
    <message>
        <source>Next match</source>
        <translation>下一个匹配</translation>
    </message>
    <message>
        <source>No match</source>
        <translation>没有匹配</translation>
    </message>
    <message>
        <source>Only matches</source>
        <translation>仅显示匹配项</translation>
    </message>
    <message>
        <source>Show only images whose name or folder matches</source>
        <translation>仅显示名称或文件夹匹配的图像</translation>
    </message>
    <message>
        <source>Words of a file&apos;s name or of its folders, in any order (Ctrl+F)</source>
        <translation>文件名或其文件夹中的词，顺序不限（Ctrl+F）</translation>
    </message>
    <message>
        <source>Words of a name or folder</source>
        <translation>名称或文件夹中的词</translation>
    </message>
    <message>
        <source>Previous match</source>
        <translation>上一个匹配</translation>
    </message>
    <message>
        <source>{count} matches</source>
        <translation>{count} 个匹配</translation>
    </message>
    <message>
        <source>{place} of {count}</source>
        <translation>第 {place} 张，共 {count} 张</translation>
    </message>
</context>
<context>
    <name>FinetuneButton</name>
    <message>
        <source>Curves</source>
        <translation>曲线</translation>
    </message>
    <message>
        <source>Show how fine-tuning goes</source>
        <translation>显示微调的进展</translation>
    </message>
</context>
<context>
    <name>FinetuneDialog</name>
    <message>
        <source>All held-out labels come out right already: it can hardly help.</source>
        <translation>留出的标注已全部判断正确：微调几乎没有帮助。</translation>
    </message>
    <message>
        <source>Fine-Tune</source>
        <translation>微调</translation>
    </message>
    <message>
        <source>Fine-tuning is under way.</source>
        <translation>微调正在进行。</translation>
    </message>
    <message>
        <source>1 label has changed since it began with {count}. It goes on with those, and answers with all of yours in the end.</source>
        <translation>开始时有 {count} 个标注，此后有 1 个发生了变动。微调继续使用开始时的标注，最后会用您的全部标注给出结果。</translation>
    </message>
    <message>
        <source>1.  The {count} labelled images of your classes are looked at from several sides. It does not learn from those labelled “none of these” ({none}).</source>
        <translation>1.  从多个视角读取您的类别的 {count} 张已标注图像。它不会从标注为“都不是”的图像（{none} 张）中学习。</translation>
    </message>
    <message>
        <source>1.  Your {count} labelled images are looked at from several sides.</source>
        <translation>1.  从多个视角读取您的 {count} 张已标注图像。</translation>
    </message>
    <message>
        <source>2.  The last part of the encoder learns from them: five times with a fifth of the labels held out, to see whether it helps, and once with all.</source>
        <translation>2.  编码器的最后一部分从中学习：五次各留出五分之一的标注，以检验是否有帮助；再用全部标注学习一次。</translation>
    </message>
    <message>
        <source>3.  Only if it clearly helps on the labels held out, the folder is read again with the new encoder: {count} images. Else nothing changes.</source>
        <translation>3.  只有在对留出的标注确有帮助时，才会用新的编码器重新读取文件夹：{count} 张图像。否则一切不变。</translation>
    </message>
    <message>
        <source>Cancel Fine-Tuning</source>
        <translation>取消微调</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Faint: each training by itself. These curves show that it learns; whether it is kept is decided at the end, by the whole vote.</source>
        <translation>浅色线：每次训练各自的情况。这些曲线表明它在学习；是否采用在最后由整体投票决定。</translation>
    </message>
    <message>
        <source>Fine-Tuning</source>
        <translation>微调</translation>
    </message>
    <message>
        <source>Fine-tuning helped: {now} % of held-out labels right, {before} % before.</source>
        <translation>微调有帮助：留出的标注有 {now}% 判断正确，此前为 {before}%。</translation>
    </message>
    <message>
        <source>Fine-tuning was cancelled.</source>
        <translation>微调已取消。</translation>
    </message>
    <message>
        <source>Go On</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Go on labelling: it goes on with the {count} labels that it began with, and answers with all of yours in the end.</source>
        <translation>请继续标注：微调会用开始时的 {count} 个标注继续，最后用您的全部标注给出结果。</translation>
    </message>
    <message>
        <source>Held-out labels right</source>
        <translation>留出的标注判断正确</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>How far fine-tuning is</source>
        <translation>微调的进度</translation>
    </message>
    <message>
        <source>How wrong it is</source>
        <translation>错误程度</translation>
    </message>
    <message>
        <source>It ran for {time}.</source>
        <translation>运行了 {time}。</translation>
    </message>
    <message>
        <source>It runs on; open this again from the line at the bottom (Esc)</source>
        <translation>它会继续运行；可从底部的状态栏重新打开（Esc）</translation>
    </message>
    <message>
        <source>It took {time}.</source>
        <translation>用时 {time}。</translation>
    </message>
    <message>
        <source>Labels have changed since: images that were looked at are kept, the trainings begin anew.</source>
        <translation>此后标签有变：已查看的图像会保留，训练从头开始。</translation>
    </message>
    <message>
        <source>Lower is better: the mean negative logarithm of the right class’s probability</source>
        <translation>越低越好：正确类别概率的负对数的平均值</translation>
    </message>
    <message>
        <source>average</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>Only encoders of Handful&apos;s own architecture can be fine-tuned, and the one in use, {name}, is another. Choose Handful&apos;s in the settings to fine-tune it.</source>
        <translation>只有采用 Handful 自有架构的编码器才能微调，而当前使用的 {name} 是另一种。若要微调，请在设置中选择 Handful 自带的编码器。</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>That was judged with {count} labels; {changed} have changed since. They are answered with the fine-tuned encoder, too. Fine-tune again to learn from them.</source>
        <translation>这是用 {count} 个标注评判的；此后有 {changed} 个标注变动。它们的结果同样来自微调后的编码器。再次微调即可从中学习。</translation>
    </message>
    <message>
        <source>The answers are fine-tuned already.</source>
        <translation>结果已经过微调。</translation>
    </message>
    <message>
        <source>The answers on screen come from the fine-tuned encoder, and so do those to labels that you give from now on, whenever you pause.</source>
        <translation>屏幕上的结果来自微调后的编码器；今后每当您停顿时，新标注的结果也是如此。</translation>
    </message>
    <message>
        <source>This can take long; how long is not known on this computer ({device}).</source>
        <translation>可能需要很长时间；在这台电脑（{device}）上需要多久尚不清楚。</translation>
    </message>
    <message>
        <source>This takes about {time} on this computer ({device}).</source>
        <translation>在这台电脑（{device}）上大约需要 {time}。</translation>
    </message>
    <message>
        <source>What is finished is kept: asked again for the same labels, it goes on there</source>
        <translation>已完成的部分会保留：对相同的标注再次微调时，会从那里继续</translation>
    </message>
    <message>
        <source>What was finished is kept, and it can go on there.</source>
        <translation>已完成的部分会保留，可以从那里继续。</translation>
    </message>
    <message>
        <source>What will happen:</source>
        <translation>将会进行：</translation>
    </message>
    <message>
        <source>You can go on labelling, and close this window. It needs about 2 GB of memory. Cancelled, or cut off by closing Handful, it goes on where it was when you ask for it again with the same labels.</source>
        <translation>您可以继续标注，也可以关闭此窗口。它大约需要 2 GB 内存。如果被取消，或因关闭 Handful 而中断，对相同的标注再次微调时会从中断处继续。</translation>
    </message>
    <message>
        <source>on held-out labels</source>
        <translation>在留出的标注上</translation>
    </message>
    <message>
        <source>step</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>while it learns</source>
        <translation>学习过程中</translation>
    </message>
    <message>
        <source>{changed} labels have changed since it began with {count}. It goes on with those, and answers with all of yours in the end.</source>
        <translation>开始时有 {count} 个标注，此后有 {changed} 个发生了变动。微调继续使用开始时的标注，最后会用您的全部标注给出结果。</translation>
    </message>
    <message>
        <source>{elapsed} so far</source>
        <translation>已用 {elapsed}</translation>
    </message>
    <message>
        <source>{elapsed} so far, about {left} left</source>
        <translation>已用 {elapsed}，大约还需 {left}</translation>
    </message>
    <message>
        <source>{elapsed} so far, longer than the {estimate} expected</source>
        <translation>已用 {elapsed}，超过了预计的 {estimate}</translation>
    </message>
    <message>
        <source>{text}: {done} of {total}</source>
        <translation>{text}：{done}/{total}</translation>
    </message>
    <message>
        <source>{text}…</source>
        <translation>{text}…</translation>
    </message>
</context>
<context>
    <name>GalleryHead</name>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Bursts, copies and near-duplicates, each image counted</source>
        <translation>连拍、副本和近似重复，逐张计数</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Clear all filters</source>
        <translation>清除所有筛选</translation>
    </message>
    <message>
        <source>Confident</source>
        <translation>高置信度</translation>
    </message>
    <message>
        <source>Duplicates, bursts</source>
        <translation>重复、连拍</translation>
    </message>
    <message>
        <source>Every image of the folder</source>
        <translation>文件夹中的全部图像</translation>
    </message>
    <message>
        <source>Files that cannot be read, and why</source>
        <translation>无法读取的文件及原因</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>指定</translation>
    </message>
    <message>
        <source>Images that another page named</source>
        <translation>其他页面指定的图像</translation>
    </message>
    <message>
        <source>Images that you labelled, those labelled “none of these” among them</source>
        <translation>您标注过的图像，包括标注为“都不是”的图像</translation>
    </message>
    <message>
        <source>Images without a label of yours that can be read</source>
        <translation>您未标注且可以读取的图像</translation>
    </message>
    <message>
        <source>Images without a label that you set aside for later</source>
        <translation>您暂放以待稍后处理的未标注图像</translation>
    </message>
    <message>
        <source>Labelled</source>
        <translation>已标注</translation>
    </message>
    <message>
        <source>Labels of yours that look wrong: a model of all other labels finds another class at least {odds} times as likely, or the same picture has another label</source>
        <translation>看起来有误的标注：由其他全部标注得到的模型认为另一类别的可能性至少是其 {odds} 倍，或同一画面另有不同的标注</translation>
    </message>
    <message>
        <source>Looks wrong</source>
        <translation>可能有误</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>More filters</source>
        <translation>更多筛选</translation>
    </message>
    <message>
        <source>None of these?</source>
        <translation>都不是？</translation>
    </message>
    <message>
        <source>Only the class {name}</source>
        <translation>仅类别“{name}”</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>已预测</translation>
    </message>
    <message>
        <source>Any class</source>
        <translation>任意类别</translation>
    </message>
    <message>
        <source>Predictions with a confidence of at least {percent} %, without images that look like none of these or are set aside; and how good they are</source>
        <translation>置信度不低于 {percent}% 的预测及其好坏，不含看起来都不是的和已暂放的图像</translation>
    </message>
    <message>
        <source>Set aside</source>
        <translation>已暂放</translation>
    </message>
    <message>
        <source>Show all classes again</source>
        <translation>重新显示所有类别</translation>
    </message>
    <message>
        <source>Show all names again</source>
        <translation>重新显示所有名称</translation>
    </message>
    <message>
        <source>Show images labelled or predicted as one class</source>
        <translation>显示标注或预测为某个类别的图像</translation>
    </message>
    <message>
        <source>Worth labelling</source>
        <translation>值得标注</translation>
    </message>
    <message>
        <source>Unlabelled</source>
        <translation>未标注</translation>
    </message>
    <message>
        <source>Unlabelled images that have a prediction</source>
        <translation>有预测的未标注图像</translation>
    </message>
    <message>
        <source>Unlabelled images that look like none of the classes: that score is {percent} % or more</source>
        <translation>看起来不像任何类别的未标注图像：该得分不低于 {percent}%</translation>
    </message>
    <message>
        <source>Unlabelled images whose two most likely classes are less than {margin} percentage points apart</source>
        <translation>最可能的两个类别相差不到 {margin} 个百分点的未标注图像</translation>
    </message>
    <message>
        <source>Unlabelled images whose two most likely classes are less than {margin} percentage points apart, of a class also those that may be of it; one of those that show the same, and none that is set aside</source>
        <translation>最可能的两个类别相差不到 {margin} 个百分点的未标注图像，选定类别时还包括可能属于该类别的图像；内容相同的只取一张，不含已暂放的图像</translation>
    </message>
    <message>
        <source>Unreadable</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>不确定</translation>
    </message>
    <message>
        <source>“{text}”</source>
        <translation>“{text}”</translation>
    </message>
</context>
<context>
    <name>GalleryModel</name>
    <message>
        <source>, or none of these</source>
        <translation>，也可能都不是</translation>
    </message>
    <message>
        <source>1 is set aside</source>
        <translation>1 张已暂放</translation>
    </message>
    <message>
        <source>1 label looks wrong</source>
        <translation>1 个标注可能有误</translation>
    </message>
    <message>
        <source>File changed {date}</source>
        <translation>文件修改于 {date}</translation>
    </message>
    <message>
        <source>Similarity to the selection {similarity}</source>
        <translation>与所选图像的相似度 {similarity}</translation>
    </message>
    <message>
        <source>Taken {date}</source>
        <translation>拍摄于 {date}</translation>
    </message>
    <message>
        <source>cannot be read: {reason}</source>
        <translation>无法读取：{reason}</translation>
    </message>
    <message>
        <source>labelled {name}</source>
        <translation>已标注为“{name}”</translation>
    </message>
    <message>
        <source>labelled {name}, looks wrong: rather {likely}</source>
        <translation>已标注为“{name}”，可能有误：更像“{likely}”</translation>
    </message>
    <message>
        <source>not classified yet</source>
        <translation>尚未分类</translation>
    </message>
    <message>
        <source>predicted {name}, {percent}</source>
        <translation>预测为“{name}”，{percent}</translation>
    </message>
    <message>
        <source>set aside, {prediction}</source>
        <translation>已暂放，{prediction}</translation>
    </message>
    <message>
        <source>unsure, perhaps {name}, {percent}</source>
        <translation>不确定，可能是“{name}”，{percent}</translation>
    </message>
    <message>
        <source>{count} alike images</source>
        <translation>{count} 张相似图像</translation>
    </message>
    <message>
        <source>{count} alike images with different labels</source>
        <translation>{count} 张相似图像，标注互不相同</translation>
    </message>
    <message>
        <source>{count} alike images, {labelled} of them labelled</source>
        <translation>{count} 张相似图像，其中 {labelled} 张已标注</translation>
    </message>
    <message>
        <source>{count} are set aside</source>
        <translation>{count} 张已暂放</translation>
    </message>
    <message>
        <source>{count} labels look wrong</source>
        <translation>{count} 个标注可能有误</translation>
    </message>
    <message>
        <source>{number} of {count} alike images</source>
        <translation>{count} 张相似图像中的第 {number} 张</translation>
    </message>
</context>
<context>
    <name>GalleryView</name>
    <message>
        <source>1 image</source>
        <translation>1 张图像</translation>
    </message>
    <message>
        <source>Arrow keys, Home, End</source>
        <translation>方向键、Home、End</translation>
    </message>
    <message>
        <source>Ctrl+Arrow keys, Ctrl+Space</source>
        <translation>Ctrl+方向键、Ctrl+空格</translation>
    </message>
    <message>
        <source>Ctrl+Mouse wheel</source>
        <translation>Ctrl+鼠标滚轮</translation>
    </message>
    <message>
        <source>Enter, Space</source>
        <translation>Enter、空格</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Find by name or folder</source>
        <translation>按名称或文件夹查找</translation>
    </message>
    <message>
        <source>Go through the images</source>
        <translation>浏览图像</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Key of a class</source>
        <translation>类别的快捷键</translation>
    </message>
    <message>
        <source>Label the selected images; of one image, label it and go on to the next</source>
        <translation>标注所选图像；只选一张时，标注后前进到下一张</translation>
    </message>
    <message>
        <source>Larger or smaller tiles</source>
        <translation>放大或缩小缩略图</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>字母</translation>
    </message>
    <message>
        <source>Pick one here and there</source>
        <translation>逐个挑选</translation>
    </message>
    <message>
        <source>Select nothing</source>
        <translation>取消选择</translation>
    </message>
    <message>
        <source>Select several</source>
        <translation>选择多张</translation>
    </message>
    <message>
        <source>Shift+Arrow keys</source>
        <translation>Shift+方向键</translation>
    </message>
    <message>
        <source>Show the image large</source>
        <translation>查看大图</translation>
    </message>
    <message>
        <source>{count} images</source>
        <translation>{count} 张图像</translation>
    </message>
</context>
<context>
    <name>GuideWindow</name>
    <message>
        <source>Contents</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Find next</source>
        <translation>查找下一个</translation>
    </message>
    <message>
        <source>Find previous</source>
        <translation>查找上一个</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>Search the guide</source>
        <translation>在指南中查找</translation>
    </message>
    <message>
        <source>Search the guide (Ctrl+F); Enter finds the next place</source>
        <translation>在指南中查找（Ctrl+F）；按 Enter 查找下一处</translation>
    </message>
    <message>
        <source>Text of the guide</source>
        <translation>指南正文</translation>
    </message>
    <message>
        <source>The guide is missing from this installation: {path}</source>
        <translation>安装中缺少使用指南：{path}</translation>
    </message>
    <message>
        <source>The next place (F3)</source>
        <translation>下一处（F3）</translation>
    </message>
    <message>
        <source>The place before (Shift+F3)</source>
        <translation>上一处（Shift+F3）</translation>
    </message>
    <message>
        <source>User Guide</source>
        <translation>使用指南</translation>
    </message>
</context>
<context>
    <name>HeatLegend</name>
    <message>
        <source>Blue speaks against, orange speaks for</source>
        <translation>蓝色表示反对，橙色表示支持</translation>
    </message>
    <message>
        <source>against</source>
        <translation>反对</translation>
    </message>
    <message>
        <source>for</source>
        <translation>支持</translation>
    </message>
</context>
<context>
    <name>ImageView</name>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
</context>
<context>
    <name>ImportLabelsDialog</name>
    <message>
        <source>1 image has another label of yours.</source>
        <translation>1 张图像已有您的另一个标注。</translation>
    </message>
    <message>
        <source>1 image was found by the end of its path alone.</source>
        <translation>1 张图像仅凭路径结尾找到。</translation>
    </message>
    <message>
        <source>1 label can be imported from {name}</source>
        <translation>可从 {name} 导入 1 个标注</translation>
    </message>
    <message>
        <source>1 label cannot be taken</source>
        <translation>1 个标注无法采用</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Also take 1 label that a machine predicted</source>
        <translation>同时采用机器预测的 1 个标注</translation>
    </message>
    <message>
        <source>Also take {count} labels that a machine predicted</source>
        <translation>同时采用机器预测的 {count} 个标注</translation>
    </message>
    <message>
        <source>Any format, recognised by itself</source>
        <translation>任意格式，自动识别</translation>
    </message>
    <message>
        <source>Choose a file or folder to read.</source>
        <translation>请选择要读取的文件或文件夹。</translation>
    </message>
    <message>
        <source>Files of labels ({patterns})</source>
        <translation>标注文件 ({patterns})</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>文件夹…</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Import Labels</source>
        <translation>导入标注</translation>
    </message>
    <message>
        <source>Keep mine</source>
        <translation>保留我的</translation>
    </message>
    <message>
        <source>Labelled so already</source>
        <translation>已如此标注</translation>
    </message>
    <message>
        <source>Labels that another program made, for the images of this folder: {formats}, or a zip of one of these. Before anything changes you see what would.</source>
        <translation>其他程序为此文件夹中的图像所做的标注：{formats}，或其 zip 文件。任何改动之前，您会先看到将有哪些改动。</translation>
    </message>
    <message>
        <source>New classes</source>
        <translation>新类别</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Read from</source>
        <translation>读取自</translation>
    </message>
    <message>
        <source>Save This List</source>
        <translation>保存此列表</translation>
    </message>
    <message>
        <source>Save This List…</source>
        <translation>保存此列表…</translation>
    </message>
    <message>
        <source>Saved {name}.</source>
        <translation>已保存 {name}。</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Take theirs</source>
        <translation>采用对方的</translation>
    </message>
    <message>
        <source>Without a label so far</source>
        <translation>目前没有标注</translation>
    </message>
    <message>
        <source>{count} images have other labels of yours.</source>
        <translation>{count} 张图像已有您的其他标注。</translation>
    </message>
    <message>
        <source>{count} images were found by the end of their path alone.</source>
        <translation>{count} 张图像仅凭路径结尾找到。</translation>
    </message>
    <message>
        <source>{count} labels can be imported from {name}</source>
        <translation>可从 {name} 导入 {count} 个标注</translation>
    </message>
    <message>
        <source>{count} labels cannot be taken</source>
        <translation>{count} 个标注无法采用</translation>
    </message>
    <message>
        <source>{names} and {count} more</source>
        <translation>{names}，另有 {count} 个</translation>
    </message>
    <message>
        <source>{path} could not be written: {reason}.</source>
        <translation>无法写入 {path}：{reason}。</translation>
    </message>
    <message>
        <source>“{mine}” here, “{theirs}” there: {count}</source>
        <translation>此处为“{mine}”，文件中为“{theirs}”：{count}</translation>
    </message>
    <message>
        <source>“{name}” is the class “{known}”.</source>
        <translation>“{name}”即类别“{known}”。</translation>
    </message>
    <message>
        <source>“{title}” was cancelled; no label was changed.</source>
        <translation>“{title}”已取消；没有更改任何标注。</translation>
    </message>
</context>
<context>
    <name>KeyCapture</name>
    <message>
        <source>Change…</source>
        <translation>更改…</translation>
    </message>
    <message>
        <source>Esc leaves the keys as they are</source>
        <translation>按 Esc 保持原有快捷键</translation>
    </message>
    <message>
        <source>Give this action other keys</source>
        <translation>为此操作设置其他快捷键</translation>
    </message>
    <message>
        <source>Press the keys…</source>
        <translation>请按下按键…</translation>
    </message>
</context>
<context>
    <name>KeySheet</name>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Keys and what they do</source>
        <translation>快捷键及其作用</translation>
    </message>
    <message>
        <source>Keys in italics do nothing on the page shown now, or with what is selected.</source>
        <translation>斜体的按键在当前页面上或对当前所选内容不起作用。</translation>
    </message>
    <message>
        <source>No key does that. Settings &gt; Keys lists all actions.</source>
        <translation>没有这样的快捷键。“设置 &gt; 快捷键”列出了所有操作。</translation>
    </message>
    <message>
        <source>Search keys and what they do</source>
        <translation>搜索快捷键及其作用</translation>
    </message>
    <message>
        <source>What they do</source>
        <translation>作用</translation>
    </message>
    <message>
        <source>{keys}: {words} (not now)</source>
        <translation>{keys}：{words}（当前不可用）</translation>
    </message>
</context>
<context>
    <name>KeysSection</name>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Actions and their keys</source>
        <translation>操作及其快捷键</translation>
    </message>
    <message>
        <source>Choose an action and press “Change”, then the keys. The keys of the classes are chosen in the list of classes.</source>
        <translation>选择一个操作，按“更改”，然后按下按键。类别的快捷键在类别列表中选择。</translation>
    </message>
    <message>
        <source>Classes (chosen in their list)</source>
        <translation>类别（在类别列表中设置）</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>No Keys</source>
        <translation>无快捷键</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Reset All</source>
        <translation>全部重置</translation>
    </message>
    <message>
        <source>Search actions and keys</source>
        <translation>搜索操作和快捷键</translation>
    </message>
    <message>
        <source>Take the keys of this action away</source>
        <translation>去掉此操作的快捷键</translation>
    </message>
    <message>
        <source>The keys that all actions came with</source>
        <translation>所有操作的默认快捷键</translation>
    </message>
    <message>
        <source>The keys that this action came with</source>
        <translation>此操作的默认快捷键</translation>
    </message>
    <message>
        <source>Use It Here Instead</source>
        <translation>改用于此操作</translation>
    </message>
    <message>
        <source>{keys} is the key of “{action}” already.</source>
        <translation>{keys} 已是“{action}”的快捷键。</translation>
    </message>
</context>
<context>
    <name>LabelQuestion</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Label 1 Image</source>
        <translation>标注 1 张图像</translation>
    </message>
    <message>
        <source>Label 1 image as predicted?</source>
        <translation>将 1 张图像按预测标注？</translation>
    </message>
    <message>
        <source>Label as Predicted</source>
        <translation>按预测标注</translation>
    </message>
    <message>
        <source>Label {count} Images</source>
        <translation>标注 {count} 张图像</translation>
    </message>
    <message>
        <source>Label {count} as predicted</source>
        <translation>按预测标注 {count} 张图像</translation>
    </message>
    <message>
        <source>Label {count} images as predicted?</source>
        <translation>将 {count} 张图像按预测标注？</translation>
    </message>
    <message>
        <source>They become labels like those that you gave. The model then learns from its own answers, and its accuracy on held-out labels will look better than it is. Undo takes them all back.</source>
        <translation>它们会成为与您亲自所做的相同的标注。之后模型会从自己的答案中学习，其在留出标注上的准确率会显得比实际更好。撤销可将它们全部收回。</translation>
    </message>
</context>
<context>
    <name>Labelling</name>
    <message>
        <source>These images have labels, so there is nothing to keep for later.</source>
        <translation>这些图像已有标注，无需暂放。</translation>
    </message>
    <message>
        <source>This image has a label, so there is nothing to keep for later.</source>
        <translation>这张图像已有标注，无需暂放。</translation>
    </message>
</context>
<context>
    <name>LabelsDialog</name>
    <message>
        <source>Also what the model says of the images that have no label of yours</source>
        <translation>也包括模型对您没有标注的图像的判断</translation>
    </message>
    <message>
        <source>Choose where to save it.</source>
        <translation>请选择保存位置。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export Labels</source>
        <translation>导出标注</translation>
    </message>
    <message>
        <source>Exported 1 label</source>
        <translation>已导出 1 个标注</translation>
    </message>
    <message>
        <source>Exported {count} labels</source>
        <translation>已导出 {count} 个标注</translation>
    </message>
    <message>
        <source>Exporting the labels</source>
        <translation>正在导出标注</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Hard links to the images in place of copies</source>
        <translation>用指向图像的硬链接代替副本</translation>
    </message>
    <message>
        <source>Images left out</source>
        <translation>未包含的图像</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>New folders (*)</source>
        <translation>新文件夹 (*)</translation>
    </message>
    <message>
        <source>Predictions</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>The classes of your labelled images, as another program reads them. The images themselves stay where and as they are.</source>
        <translation>您标注的图像的类别，以其他程序能读取的形式导出。图像本身的位置和内容都不会改变。</translation>
    </message>
    <message>
        <source>They take no further room, but a change to one is a change to the original</source>
        <translation>它们不占用额外空间，但改动其中一个就是改动原图</translation>
    </message>
    <message>
        <source>To know</source>
        <translation>请注意</translation>
    </message>
    <message>
        <source>With the predictions, marked as such</source>
        <translation>同时导出预测，并注明是预测</translation>
    </message>
    <message>
        <source>{format} cannot tell predictions from your labels.</source>
        <translation>{format} 无法区分预测和您的标注。</translation>
    </message>
    <message>
        <source>{format} holds no images.</source>
        <translation>{format} 不包含图像。</translation>
    </message>
</context>
<context>
    <name>Language</name>
    <message>
        <source>As the &amp;System</source>
        <translation>跟随系统(&amp;S)</translation>
    </message>
</context>
<context>
    <name>LeaveQuestion</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Keep Working</source>
        <translation>继续工作</translation>
    </message>
    <message>
        <source>Leave Anyway</source>
        <translation>仍然退出</translation>
    </message>
    <message>
        <source>Leave It Deleted</source>
        <translation>保持删除</translation>
    </message>
    <message>
        <source>The project was deleted while it was open.</source>
        <translation>该项目在打开期间被删除了。</translation>
    </message>
    <message>
        <source>The project was not written again, so it stays open.</source>
        <translation>未能重新写入项目，因此项目保持打开。</translation>
    </message>
    <message>
        <source>Work is still under way.</source>
        <translation>仍有工作正在进行。</translation>
    </message>
    <message>
        <source>Write It Again</source>
        <translation>重新写入</translation>
    </message>
    <message>
        <source>Your labels are all saved.</source>
        <translation>您的标注都已保存。</translation>
    </message>
    <message>
        <source>{path} can be written again with all that was labelled, or stay deleted. If it stays deleted, a backup of it is kept, from which “handful recover” brings it back.</source>
        <translation>可以重新写入 {path}，包含所有标注，也可以让它保持删除。如果保持删除，会保留它的一个备份，可用“handful recover”恢复。</translation>
    </message>
</context>
<context>
    <name>Legend</name>
    <message>
        <source>Legend</source>
        <translation>图例</translation>
    </message>
    <message>
        <source>Select these on the map</source>
        <translation>在分布图上选中这些图像</translation>
    </message>
    <message>
        <source>Sure</source>
        <translation>确定</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>不确定</translation>
    </message>
</context>
<context>
    <name>Lists</name>
    <message>
        <source>{before}, {next}</source>
        <translation>{before}、{next}</translation>
    </message>
</context>
<context>
    <name>LogDialog</name>
    <message>
        <source>1 line</source>
        <translation>1 行</translation>
    </message>
    <message>
        <source>A report has versions, device, settings and the end of the log. It goes to the clipboard only; nothing leaves this computer unless you send it.</source>
        <translation>报告包含版本、设备、设置和日志末尾。它只会复制到剪贴板；除非您自己发送，否则任何内容都不会离开这台电脑。</translation>
    </message>
    <message>
        <source>All lines</source>
        <translation>所有行</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copy for a Bug Report</source>
        <translation>复制以报告问题</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Follow</source>
        <translation>跟随</translation>
    </message>
    <message>
        <source>Keep the newest line in sight</source>
        <translation>始终显示最新一行</translation>
    </message>
    <message>
        <source>Lines of the log</source>
        <translation>日志内容</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Nothing was logged yet.</source>
        <translation>尚无日志。</translation>
    </message>
    <message>
        <source>Open Folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>The report is on the clipboard. Look it over before you send it.</source>
        <translation>报告已复制到剪贴板。发送前请先检查一遍。</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>警告和错误</translation>
    </message>
    <message>
        <source>Which lines</source>
        <translation>显示哪些行</translation>
    </message>
    <message>
        <source>With names of images, folders and classes</source>
        <translation>包含图像、文件夹和类别的名称</translation>
    </message>
    <message>
        <source>{count} lines</source>
        <translation>{count} 行</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Close Handful</source>
        <translation>关闭 Handful</translation>
    </message>
</context>
<context>
    <name>MapPage</name>
    <message>
        <source>+, -, Home</source>
        <translation>+、-、Home</translation>
    </message>
    <message>
        <source>1 labelled image is not on the map, because it cannot be read.</source>
        <translation>1 张已标注的图像无法读取，因此不在分布图上。</translation>
    </message>
    <message>
        <source>1 of {total} selected</source>
        <translation>已选中 1 张，共 {total} 张</translation>
    </message>
    <message>
        <source>A first view; alike images come together once all are read.</source>
        <translation>这是初步视图；全部读取后，相似的图像会聚到一起。</translation>
    </message>
    <message>
        <source>A map needs at least three images that can be read.</source>
        <translation>至少需要三张可读取的图像才能显示分布图。</translation>
    </message>
    <message>
        <source>Alike as the encoder saw the images before fine-tuning.</source>
        <translation>按微调前的编码器所见排列：相似的靠近。</translation>
    </message>
    <message>
        <source>Alike as the fine-tuned network sees the images.</source>
        <translation>按微调后的网络所见排列：相似的靠近。</translation>
    </message>
    <message>
        <source>Arrange anew</source>
        <translation>重新排布</translation>
    </message>
    <message>
        <source>Arrange anew: lay all images out from the start, also those that came later</source>
        <translation>重新排布：从头排布所有图像，包括后来加入的图像</translation>
    </message>
    <message>
        <source>Arranging the map: {percent}</source>
        <translation>正在排布分布图：{percent}</translation>
    </message>
    <message>
        <source>Arranging the map: {percent}, about {count} min left</source>
        <translation>正在排布分布图：{percent}，约剩 {count} 分钟</translation>
    </message>
    <message>
        <source>Arranging the map: {percent}, about {count} s left</source>
        <translation>正在排布分布图：{percent}，约剩 {count} 秒</translation>
    </message>
    <message>
        <source>Arrow keys</source>
        <translation>方向键</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Colours show</source>
        <translation>颜色表示</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Drag, Shift+Drag, Ctrl+Drag</source>
        <translation>拖动、Shift+拖动、Ctrl+拖动</translation>
    </message>
    <message>
        <source>Drawing the map…</source>
        <translation>正在绘制分布图…</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Go to the nearest image</source>
        <translation>转到最近的图像</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Lasso: drag around images to select them (Shift adds, Ctrl inverts)</source>
        <translation>套索：拖动圈住图像以选中（Shift 添加，Ctrl 反选）</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>分布图</translation>
    </message>
    <message>
        <source>Map of the images</source>
        <translation>图像分布图</translation>
    </message>
    <message>
        <source>Move the map</source>
        <translation>移动地图</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Rectangle: drag over images to select them (Shift adds, Ctrl inverts)</source>
        <translation>矩形：拖过图像以选中（Shift 添加，Ctrl 反选）</translation>
    </message>
    <message>
        <source>Right button, Space+Drag</source>
        <translation>右键、空格+拖动</translation>
    </message>
    <message>
        <source>Select by lasso, add, invert</source>
        <translation>用套索选中、添加、反选</translation>
    </message>
    <message>
        <source>Select nothing, then back to all images</source>
        <translation>取消选择，然后返回所有图像</translation>
    </message>
    <message>
        <source>Select the image, or not</source>
        <translation>选择或取消选择图像</translation>
    </message>
    <message>
        <source>Show the image large</source>
        <translation>查看大图</translation>
    </message>
    <message>
        <source>Show the whole map (Home)</source>
        <translation>显示整张分布图（Home）</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>空格</translation>
    </message>
    <message>
        <source>Stopped; “Arrange anew” goes on from the start.</source>
        <translation>已停止；“重新排布”将从头开始。</translation>
    </message>
    <message>
        <source>The engine is loading; the map follows…</source>
        <translation>引擎正在加载，随后显示分布图…</translation>
    </message>
    <message>
        <source>The images are being read; the map follows…</source>
        <translation>正在读取图像，随后显示分布图…</translation>
    </message>
    <message>
        <source>What the colours of the points tell</source>
        <translation>各点颜色的含义</translation>
    </message>
    <message>
        <source>What to check</source>
        <translation>待检查内容</translation>
    </message>
    <message>
        <source>Whole map</source>
        <translation>整张分布图</translation>
    </message>
    <message>
        <source>Zoom in, out, whole map</source>
        <translation>放大、缩小、整张分布图</translation>
    </message>
    <message>
        <source>{count} labelled images are not on the map, because they cannot be read.</source>
        <translation>{count} 张已标注的图像无法读取，因此不在分布图上。</translation>
    </message>
    <message>
        <source>{count} of {total} selected</source>
        <translation>已选中 {count} 张，共 {total} 张</translation>
    </message>
    <message>
        <source>{total} images</source>
        <translation>{total} 张图像</translation>
    </message>
</context>
<context>
    <name>MetaSetup</name>
    <message>
        <source>&amp;Training:</source>
        <translation>训练(&amp;T)：</translation>
    </message>
    <message>
        <source>&amp;Write to:</source>
        <translation>写入到(&amp;W)：</translation>
    </message>
    <message>
        <source>A recipe</source>
        <translation>训练方案</translation>
    </message>
    <message>
        <source>Add images to learn from.</source>
        <translation>请添加用于学习的图像。</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Do not find out how long it takes</source>
        <translation>不测算需要多长时间</translation>
    </message>
    <message>
        <source>Find out how long the training takes on this computer</source>
        <translation>测算训练在这台电脑上需要多长时间</translation>
    </message>
    <message>
        <source>Folder of the run</source>
        <translation>本次训练的文件夹</translation>
    </message>
    <message>
        <source>Full: 350 steps, three views of each image</source>
        <translation>完整：350 步，每张图像三个视角</translation>
    </message>
    <message>
        <source>Give the whole path of the folder to write to.</source>
        <translation>请给出写入文件夹的完整路径。</translation>
    </message>
    <message>
        <source>How far the timing is</source>
        <translation>计时进度</translation>
    </message>
    <message>
        <source>How long it takes on this computer was not timed.</source>
        <translation>未测算它在这台电脑上需要多长时间。</translation>
    </message>
    <message>
        <source>How long to train</source>
        <translation>训练多久</translation>
    </message>
    <message>
        <source>Image sets: folders with a folder of images for each class, or tar files of these.</source>
        <translation>图像集：每个类别各有一个图像文件夹的文件夹，或其 tar 文件。</translation>
    </message>
    <message>
        <source>It takes about {low} on this computer, as busy as it is now, and gives way to everything else. {images} images of {classes} classes, {steps} steps at {rate} a second; {size} are kept in the folder.</source>
        <translation>以这台电脑目前的繁忙程度，大约需要 {low}，并且会让其他工作优先。{classes} 个类别的 {images} 张图像，{steps} 步，每秒 {rate} 步；文件夹中会保存 {size}。</translation>
    </message>
    <message>
        <source>It takes between {low} and {high} on this computer, as busy as it is now, and gives way to everything else. {images} images of {classes} classes, {steps} steps at {rate} a second; {size} are kept in the folder.</source>
        <translation>以这台电脑目前的繁忙程度，需要 {low} 到 {high}，并且会让其他工作优先。{classes} 个类别的 {images} 张图像，{steps} 步，每秒 {rate} 步；文件夹中会保存 {size}。</translation>
    </message>
    <message>
        <source>Judge by</source>
        <translation>评判依据</translation>
    </message>
    <message>
        <source>Learn from</source>
        <translation>学习来源</translation>
    </message>
    <message>
        <source>Other sets of the kind that you label. Only where the encoder helps on them, it is changed as far as that; without any, by the smallest step.</source>
        <translation>与您要标注的同类的其他图像集。只有在对它们有帮助的范围内，编码器才会改变；如果没有，则只改变最小的一步。</translation>
    </message>
    <message>
        <source>Recipe file…</source>
        <translation>训练方案文件…</translation>
    </message>
    <message>
        <source>Recipes (*.toml)</source>
        <translation>训练方案 (*.toml)</translation>
    </message>
    <message>
        <source>Say where the encoder is to be written.</source>
        <translation>请指定编码器的写入位置。</translation>
    </message>
    <message>
        <source>Short: 100 steps, two views of each image</source>
        <translation>简短：100 步，每张图像两个视角</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>The encoder that comes with Handful knows many kinds of pictures. Trained on labelled images of your own field it can tell apart what that one sees alike. It learns how to tell classes apart in general, so many classes count more than many images.</source>
        <translation>Handful 自带的编码器认识许多种图片。用您自己领域的已标注图像训练之后，它能够区分自带编码器看来相似的东西。它学习的是一般而言如何区分类别，因此类别多比图像多更重要。</translation>
    </message>
    <message>
        <source>Time It</source>
        <translation>计时</translation>
    </message>
    <message>
        <source>Timing how long it takes on this computer: {step}… You need not wait for it.</source>
        <translation>正在测算它在这台电脑上需要多长时间：{step}……您不必等待。</translation>
    </message>
    <message>
        <source>Timing how long it takes on this computer… You need not wait for it.</source>
        <translation>正在测算它在这台电脑上需要多长时间……您不必等待。</translation>
    </message>
    <message>
        <source>{path} holds a training already; give another folder.</source>
        <translation>{path} 中已有训练；请指定其他文件夹。</translation>
    </message>
    <message>
        <source>{path} is a file; give a folder to write to.</source>
        <translation>{path} 是文件；请指定要写入的文件夹。</translation>
    </message>
</context>
<context>
    <name>MetaTraining</name>
    <message>
        <source>An encoder is being trained in {folder}, step {done} of {total}. It stops with a checkpoint and can go on at the next start.</source>
        <translation>正在 {folder} 中训练编码器，第 {done} 步，共 {total} 步。它会在停止时留下检查点，下次启动时可以继续。</translation>
    </message>
    <message>
        <source>An encoder is being trained in {folder}. It has not taken a step yet, so there is nothing to go on from: at the next start it can be begun anew.</source>
        <translation>正在 {folder} 中训练编码器。它尚未完成任何一步，因此没有可以继续的内容：下次启动时可以从头开始。</translation>
    </message>
    <message>
        <source>An encoder is being trained in {folder}. It stops with a checkpoint and can go on at the next start.</source>
        <translation>正在 {folder} 中训练编码器。它会在停止时留下检查点，下次启动时可以继续。</translation>
    </message>
    <message>
        <source>The training could not be started: {error}.</source>
        <translation>无法开始训练：{error}。</translation>
    </message>
    <message>
        <source>The training ended with status {status}.</source>
        <translation>训练以状态 {status} 结束。</translation>
    </message>
</context>
<context>
    <name>MetaTrainingButton</name>
    <message>
        <source>Encoder in training</source>
        <translation>正在训练编码器</translation>
    </message>
    <message>
        <source>Encoder in training: {percent} %</source>
        <translation>正在训练编码器：{percent}%</translation>
    </message>
    <message>
        <source>Encoder trained: {folder}</source>
        <translation>编码器已训练：{folder}</translation>
    </message>
    <message>
        <source>Show how the training in {folder} ended</source>
        <translation>显示 {folder} 中的训练是如何结束的</translation>
    </message>
    <message>
        <source>Show how the training of an encoder in {folder} goes</source>
        <translation>显示 {folder} 中编码器的训练情况</translation>
    </message>
    <message>
        <source>Show what the training in {folder} has brought</source>
        <translation>显示 {folder} 中的训练带来了什么</translation>
    </message>
    <message>
        <source>Training stopped: {folder}</source>
        <translation>训练已停止：{folder}</translation>
    </message>
</context>
<context>
    <name>MetaTrainingDialog</name>
    <message>
        <source>Begin anew with the same images and folder</source>
        <translation>用相同的图像和文件夹从头开始</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Go On</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>It runs on; open this again from the line at the bottom (Esc)</source>
        <translation>它会继续运行；可从底部的状态栏重新打开（Esc）</translation>
    </message>
    <message>
        <source>New Training…</source>
        <translation>新的训练…</translation>
    </message>
    <message>
        <source>Show Folder</source>
        <translation>显示文件夹</translation>
    </message>
    <message>
        <source>Start Again</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>Start Training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop after the step at hand, with a checkpoint to go on from</source>
        <translation>在当前这一步之后停止，并留下可供继续的检查点</translation>
    </message>
    <message>
        <source>Stop at Once</source>
        <translation>立即停止</translation>
    </message>
    <message>
        <source>Stop at once; no step is taken yet that would be lost</source>
        <translation>立即停止；尚未完成任何一步，不会有所丢失</translation>
    </message>
    <message>
        <source>Train an Encoder</source>
        <translation>训练编码器</translation>
    </message>
    <message>
        <source>Use This Encoder</source>
        <translation>使用此编码器</translation>
    </message>
    <message>
        <source>What came after the last checkpoint is lost</source>
        <translation>上一个检查点之后的部分会丢失</translation>
    </message>
    <message>
        <source>What is in the folder of this one stays there</source>
        <translation>此次训练文件夹中的内容会保留</translation>
    </message>
</context>
<context>
    <name>MetadataDialog</name>
    <message>
        <source>1 file is as it was</source>
        <translation>1 个文件已恢复原状</translation>
    </message>
    <message>
        <source>1 file would change:</source>
        <translation>将更改 1 个文件：</translation>
    </message>
    <message>
        <source>1 image has its class as a keyword</source>
        <translation>1 张图像已有其类别关键词</translation>
    </message>
    <message>
        <source>Added</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>Each image gets its class as a keyword, which Lightroom, digiKam, darktable and other programs show and search. Keywords and all else that is there stay; pixels and dates are not touched. Your labels are found under “Handful”, predictions under “AI”. First you see what would change.</source>
        <translation>每张图像的类别将写为关键词，Lightroom、digiKam、darktable 等程序可以显示和搜索。已有的关键词及其他内容保持不变；像素和日期不受影响。您的标注位于“Handful”之下，预测位于“AI”之下。您会先看到将要更改什么。</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>File beside instead</source>
        <translation>改为旁边的文件</translation>
    </message>
    <message>
        <source>Files added to</source>
        <translation>已合并的文件</translation>
    </message>
    <message>
        <source>Files beside the images: IMG_1.JPG.xmp</source>
        <translation>图像旁的文件：IMG_1.JPG.xmp</translation>
    </message>
    <message>
        <source>Files beside the images: IMG_1.xmp</source>
        <translation>图像旁的文件：IMG_1.xmp</translation>
    </message>
    <message>
        <source>Files no longer needed</source>
        <translation>不再需要的文件</translation>
    </message>
    <message>
        <source>For Lightroom and Bridge, which read them of raw files only</source>
        <translation>用于 Lightroom 和 Bridge，它们仅对 RAW 文件读取此类文件</translation>
    </message>
    <message>
        <source>For darktable, digiKam and Immich</source>
        <translation>用于 darktable、digiKam 和 Immich</translation>
    </message>
    <message>
        <source>Give every file that was changed its bytes and times back</source>
        <translation>恢复每个已更改文件的原有内容和时间</translation>
    </message>
    <message>
        <source>Had it before</source>
        <translation>之前已有</translation>
    </message>
    <message>
        <source>Images written into</source>
        <translation>已写入的图像</translation>
    </message>
    <message>
        <source>In the images’ own files</source>
        <translation>写入图像文件本身</translation>
    </message>
    <message>
        <source>JPEG and PNG, for Lightroom, Windows and most others; other images get a file beside them</source>
        <translation>JPEG 和 PNG，用于 Lightroom、Windows 及大多数程序；其他图像在旁边生成文件</translation>
    </message>
    <message>
        <source>Left alone</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>New files beside images</source>
        <translation>图像旁的新文件</translation>
    </message>
    <message>
        <source>Nothing was taken back</source>
        <translation>没有任何内容被撤销</translation>
    </message>
    <message>
        <source>Nothing was written in this folder</source>
        <translation>此文件夹中尚未写入任何内容</translation>
    </message>
    <message>
        <source>Nothing would change.</source>
        <translation>没有需要更改的内容。</translation>
    </message>
    <message>
        <source>Predictions</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>See what would change; nothing is written</source>
        <translation>查看将会更改的内容；不写入任何文件</translation>
    </message>
    <message>
        <source>Take back what was written last, also where it was interrupted</source>
        <translation>撤回上次写入的内容，包括被中断的写入</translation>
    </message>
    <message>
        <source>The least confidence of predictions that are written</source>
        <translation>写入预测所需的最低置信度</translation>
    </message>
    <message>
        <source>Too unsure, or none of these</source>
        <translation>置信度过低或以上都不是</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo Last Writing</source>
        <translation>撤销上次写入</translation>
    </message>
    <message>
        <source>What would change in which file</source>
        <translation>各文件将会更改的内容</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Write &amp;predictions that are at least this sure:</source>
        <translation>写入置信度不低于此值的预测(&amp;P)：</translation>
    </message>
    <message>
        <source>Write 1 File</source>
        <translation>写入 1 个文件</translation>
    </message>
    <message>
        <source>Write Metadata</source>
        <translation>写入元数据</translation>
    </message>
    <message>
        <source>Write {count} Files</source>
        <translation>写入 {count} 个文件</translation>
    </message>
    <message>
        <source>Your labels</source>
        <translation>您的标注</translation>
    </message>
    <message>
        <source>Your labels are always written; “none of these” gets no keyword.</source>
        <translation>您的标注始终写入；“以上都不是”不写关键词。</translation>
    </message>
    <message>
        <source>{count} files are as they were</source>
        <translation>{count} 个文件已恢复原状</translation>
    </message>
    <message>
        <source>{count} files would change:</source>
        <translation>将更改 {count} 个文件：</translation>
    </message>
    <message>
        <source>{count} files would change; the first {shown} of them:</source>
        <translation>将更改 {count} 个文件；其中前 {shown} 个：</translation>
    </message>
    <message>
        <source>{count} images have their class as a keyword</source>
        <translation>{count} 张图像已有其类别关键词</translation>
    </message>
    <message>
        <source>{count} in all were left alone.</source>
        <translation>共有 {count} 个未处理。</translation>
    </message>
    <message>
        <source>{count}, which could not be written into without harm</source>
        <translation>{count}，无法安全写入图像文件</translation>
    </message>
    <message>
        <source>{file} (new)</source>
        <translation>{file}（新）</translation>
    </message>
    <message>
        <source>“{title}” was cancelled; what was done so far stays, and can be undone or the rest be done later.</source>
        <translation>“{title}”已取消；已完成的部分保留，以后可以撤销，或完成其余部分。</translation>
    </message>
</context>
<context>
    <name>NeighbourTile</name>
    <message>
        <source>{name}, similarity {value} of at most 1</source>
        <translation>{name}，相似度 {value}（最高为 1）</translation>
    </message>
</context>
<context>
    <name>Neighbours</name>
    <message>
        <source>Nearest labelled images</source>
        <translation>最相近的已标注图像</translation>
    </message>
</context>
<context>
    <name>NoteDialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Keep the note (Ctrl+Enter)</source>
        <translation>保留备注（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Note on “{name}”</source>
        <translation>“{name}”的备注</translation>
    </message>
    <message>
        <source>What belongs to the class, and what does not? The list shows it as a tip.</source>
        <translation>哪些属于此类别，哪些不属于？列表会以提示的形式显示。</translation>
    </message>
</context>
<context>
    <name>NoticeBars</name>
    <message>
        <source>Close the newest notice, where Esc means nothing else</source>
        <translation>在 Esc 没有其他作用时，关闭最新的通知</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Notices</source>
        <translation>通知</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
</context>
<context>
    <name>Opening</name>
    <message>
        <source>A name a line, or a column “class”, “label” or “name” (*.txt *.csv *.tsv *.json);;All files (*)</source>
        <translation>每行一个名称，或者有“class”、“label”或“name”列 (*.txt *.csv *.tsv *.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Close the Project</source>
        <translation>关闭项目</translation>
    </message>
    <message>
        <source>Exported bundles (*.zip model.onnx signature.json)</source>
        <translation>导出的包 (*.zip model.onnx signature.json)</translation>
    </message>
    <message>
        <source>Handful projects (*{suffix})</source>
        <translation>Handful 项目 (*{suffix})</translation>
    </message>
    <message>
        <source>Import a class list: names line by line, a table, or JSON</source>
        <translation>导入类别列表：每行一个名称、表格或 JSON</translation>
    </message>
    <message>
        <source>Open a folder of images</source>
        <translation>打开图像文件夹</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>打开项目</translation>
    </message>
    <message>
        <source>Start from a model: its .zip file, or model.onnx in its folder</source>
        <translation>从模型开始：选择其 .zip 文件，或其文件夹中的 model.onnx</translation>
    </message>
    <message>
        <source>Where are the images now?</source>
        <translation>图像现在在哪里？</translation>
    </message>
    <message>
        <source>Which images should “{name}” sort?</source>
        <translation>“{name}”应当整理哪些图像？</translation>
    </message>
    <message>
        <source>{path} is not there any more; it was taken off the list.</source>
        <translation>{path} 已不存在，已从列表中移除。</translation>
    </message>
</context>
<context>
    <name>OrderRow</name>
    <message>
        <source>Folder and name</source>
        <translation>文件夹和名称</translation>
    </message>
    <message>
        <source>Group similar</source>
        <translation>相似图像分组</translation>
    </message>
    <message>
        <source>Grouping… {percent}</source>
        <translation>正在分组… {percent}</translation>
    </message>
    <message>
        <source>Lay bursts, copies and near-duplicates under one tile each (Ctrl+Shift+G); Ctrl+G opens and closes a group</source>
        <translation>将连拍、副本和近似重复的图像各归入一个缩略图（Ctrl+Shift+G）；Ctrl+G 展开或收起组</translation>
    </message>
    <message>
        <source>Least like any class first</source>
        <translation>最不像任何类别的在前</translation>
    </message>
    <message>
        <source>Most confident first</source>
        <translation>最有把握的在前</translation>
    </message>
    <message>
        <source>Most unsure first</source>
        <translation>最不确定的在前</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>New predictions: filter and sort again (F5)</source>
        <translation>有新的预测：重新筛选和排序（F5）</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>最新的在前</translation>
    </message>
    <message>
        <source>Oldest first</source>
        <translation>最旧的在前</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Order of the images</source>
        <translation>图像的顺序</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Similar to the selection</source>
        <translation>与所选图像相似的在前</translation>
    </message>
    <message>
        <source>Tile size</source>
        <translation>缩略图大小</translation>
    </message>
    <message>
        <source>Tile size (Ctrl and mouse wheel)</source>
        <translation>缩略图大小（Ctrl 加鼠标滚轮）</translation>
    </message>
    <message>
        <source>{count} images selected</source>
        <translation>已选择 {count} 张图像</translation>
    </message>
</context>
<context>
    <name>Overview</name>
    <message>
        <source>Can the confidences be believed?</source>
        <translation>置信度可信吗？</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Find the First “{name}”</source>
        <translation>寻找第一张“{name}”</translation>
    </message>
    <message>
        <source>Go On Labelling</source>
        <translation>继续标注</translation>
    </message>
    <message>
        <source>Held-out labels are not a random sample. A spot check is: look at thirty predictions, and know how many of all are right.</source>
        <translation>留出的标注并非随机样本，而抽查是：查看三十个预测，就能知道全部预测中有多少是正确的。</translation>
    </message>
    <message>
        <source>Label More “{name}”</source>
        <translation>多标注一些“{name}”</translation>
    </message>
    <message>
        <source>Label what helps most, one image at a time (F6)</source>
        <translation>逐张标注最有帮助的图像（F6）</translation>
    </message>
    <message>
        <source>No spot check yet</source>
        <translation>尚未抽查</translation>
    </message>
    <message>
        <source>See how many predictions are right, by a few drawn at random (F8)</source>
        <translation>随机抽取少量预测，了解有多少是正确的（F8）</translation>
    </message>
    <message>
        <source>See the Mistakes</source>
        <translation>查看错误</translation>
    </message>
    <message>
        <source>See the images behind the most frequent mistake</source>
        <translation>查看最常见的错误背后的图像</translation>
    </message>
    <message>
        <source>See the unlabelled images, those first that are least like any class so far</source>
        <translation>查看未标注的图像，最不像现有类别的在前</translation>
    </message>
    <message>
        <source>See unlabelled images that may be of this class, the most unsure first</source>
        <translation>查看可能属于此类别的未标注图像，最不确定的在前</translation>
    </message>
    <message>
        <source>Spot Check</source>
        <translation>抽查</translation>
    </message>
    <message>
        <source>Spot check</source>
        <translation>抽查</translation>
    </message>
    <message>
        <source>Would more labels help?</source>
        <translation>增加标注会有帮助吗？</translation>
    </message>
</context>
<context>
    <name>Page</name>
    <message>
        <source>All images</source>
        <translation>所有图像</translation>
    </message>
    <message>
        <source>Back to all images (Esc)</source>
        <translation>返回所有图像（Esc）</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>1 of {count} alike images</source>
        <translation>{count} 张相似图像中的第 1 张</translation>
    </message>
    <message>
        <source>A label goes to all {count}, as on their tile.</source>
        <translation>标注会给到全部 {count} 张，与在缩略图上一样。</translation>
    </message>
    <message>
        <source>A label goes to this one alone.</source>
        <translation>标注只给到这一张。</translation>
    </message>
    <message>
        <source>One of {count} alike images</source>
        <translation>{count} 张相似图像之一</translation>
    </message>
    <message>
        <source>The key of a class labels one image and goes on to the next by itself; the arrow key right after it is not needed.</source>
        <translation>类别按键标注一张图像后会自动前进到下一张，不需要紧接着再按方向键。</translation>
    </message>
    <message>
        <source>{place} of {count}</source>
        <translation>第 {place} 张，共 {count} 张</translation>
    </message>
</context>
<context>
    <name>PathList</name>
    <message>
        <source>Add Folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Add Tar Files…</source>
        <translation>添加 tar 文件…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Take the selected ones off the list (Del)</source>
        <translation>将所选项从列表中移除（Del）</translation>
    </message>
    <message>
        <source>Tar files (*.tar)</source>
        <translation>tar 文件 (*.tar)</translation>
    </message>
    <message>
        <source>{action}: {list}</source>
        <translation>{action}：{list}</translation>
    </message>
</context>
<context>
    <name>Plots</name>
    <message>
        <source>A curve follows once there are more labels.</source>
        <translation>标注更多图像后，这里会显示曲线。</translation>
    </message>
    <message>
        <source>A diagram follows once there are labels to judge by.</source>
        <translation>有了可用于评判的标注后，这里会显示图表。</translation>
    </message>
    <message>
        <source>confidence (number: labels)</source>
        <translation>置信度（数字：标注数）</translation>
    </message>
    <message>
        <source>confidence {confidence} %: {right} % right of 1 label</source>
        <translation>置信度 {confidence}%：1 个标注中 {right}% 正确</translation>
    </message>
    <message>
        <source>confidence {confidence} %: {right} % right of {count} labels</source>
        <translation>置信度 {confidence}%：{count} 个标注中 {right}% 正确</translation>
    </message>
    <message>
        <source>labels per class</source>
        <translation>每类别的标注数</translation>
    </message>
    <message>
        <source>labels per class {labels}: {percent} %</source>
        <translation>每类别 {labels} 个标注：{percent}%</translation>
    </message>
</context>
<context>
    <name>PredictionsDialog</name>
    <message>
        <source>A table with one row per image: file name, class, confidence, and whether you or the model gave the class. Files that cannot be read are listed in a second table.</source>
        <translation>每张图像一行的表格：文件名、类别、置信度，以及类别是由您还是由模型给出的。无法读取的文件列在另一张表中。</translation>
    </message>
    <message>
        <source>An object a line, with all probabilities, for programs.</source>
        <translation>每行一个对象，包含所有概率，供程序使用。</translation>
    </message>
    <message>
        <source>CSV</source>
        <translation>CSV</translation>
    </message>
    <message>
        <source>CSV for Excel</source>
        <translation>适用于 Excel 的 CSV</translation>
    </message>
    <message>
        <source>Commas and decimal points everywhere, for scripts and other programs.</source>
        <translation>一律使用逗号分隔和小数点，供脚本和其他程序使用。</translation>
    </message>
    <message>
        <source>Excel opens it with a double-click, accents and all.</source>
        <translation>双击即可在 Excel 中打开，各种文字都能正确显示。</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>JSON Lines</source>
        <translation>JSON Lines</translation>
    </message>
    <message>
        <source>JSON Lines (*.jsonl)</source>
        <translation>JSON Lines (*.jsonl)</translation>
    </message>
    <message>
        <source>Listed in</source>
        <translation>列于</translation>
    </message>
    <message>
        <source>Parquet</source>
        <translation>Parquet</translation>
    </message>
    <message>
        <source>Parquet (*.parquet)</source>
        <translation>Parquet (*.parquet)</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save Predictions</source>
        <translation>保存预测</translation>
    </message>
    <message>
        <source>Saved the prediction of 1 image</source>
        <translation>已保存 1 张图像的预测</translation>
    </message>
    <message>
        <source>Saved the predictions of {count} images</source>
        <translation>已保存 {count} 张图像的预测</translation>
    </message>
    <message>
        <source>Small and typed, for pandas, Polars, DuckDB and R.</source>
        <translation>体积小且带类型，供 pandas、Polars、DuckDB 和 R 使用。</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Unreadable files</source>
        <translation>无法读取的文件</translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message>
        <source>All images</source>
        <translation>所有图像</translation>
    </message>
    <message>
        <source>Back to all images</source>
        <translation>返回所有图像</translation>
    </message>
    <message>
        <source>Back to all images (Esc)</source>
        <translation>返回所有图像（Esc）</translation>
    </message>
    <message>
        <source>Esc, Enter, Space</source>
        <translation>Esc、Enter、空格</translation>
    </message>
    <message>
        <source>Fit (Ctrl+0)</source>
        <translation>适合窗口（Ctrl+0）</translation>
    </message>
    <message>
        <source>Larger view</source>
        <translation>大图</translation>
    </message>
    <message>
        <source>Left, Up, Page Up</source>
        <translation>←、↑、Page Up</translation>
    </message>
    <message>
        <source>M</source>
        <translation>M</translation>
    </message>
    <message>
        <source>Next image (Right)</source>
        <translation>下一张图像（→）</translation>
    </message>
    <message>
        <source>Original size (Ctrl+1)</source>
        <translation>原始大小（Ctrl+1）</translation>
    </message>
    <message>
        <source>Previous image (Left)</source>
        <translation>上一张图像（←）</translation>
    </message>
    <message>
        <source>Right, Down, Page Down</source>
        <translation>→、↓、Page Down</translation>
    </message>
    <message>
        <source>The image before</source>
        <translation>上一张图像</translation>
    </message>
    <message>
        <source>The next image</source>
        <translation>下一张图像</translation>
    </message>
    <message>
        <source>The picture as the model sees it, and back</source>
        <translation>显示模型所见的图像，再按一次恢复</translation>
    </message>
    <message>
        <source>What the model sees: the picture as the network gets it (M)</source>
        <translation>模型所见：网络实际得到的图片（M）</translation>
    </message>
    <message>
        <source>Zoom in (Ctrl++)</source>
        <translation>放大（Ctrl++）</translation>
    </message>
    <message>
        <source>Zoom out (Ctrl+-)</source>
        <translation>缩小（Ctrl+-）</translation>
    </message>
</context>
<context>
    <name>ProbabilityBars</name>
    <message>
        <source>Click a class to see what speaks for it</source>
        <translation>单击一个类别，查看支持它的依据</translation>
    </message>
</context>
<context>
    <name>QAbstractFileIconProvider</name>
    <message>
        <source>%1 File</source>
        <translation>%1 文件</translation>
    </message>
    <message>
        <source>Drive</source>
        <translation>驱动器</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>File Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>未知</translation>
    </message>
</context>
<context>
    <name>QFileDialog</name>
    <message>
        <source>&amp;Look in:</source>
        <translation>查找范围(&amp;L)：</translation>
    </message>
    <message>
        <source>Files of &amp;type:</source>
        <translation>文件类型(&amp;T)：</translation>
    </message>
</context>
<context>
    <name>QueuePage</name>
    <message>
        <source>/</source>
        <translation>/</translation>
    </message>
    <message>
        <source>Accept the class singled out</source>
        <translation>接受突出显示的类别</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Back to all images</source>
        <translation>返回所有图像</translation>
    </message>
    <message>
        <source>Back to the image before</source>
        <translation>返回上一张图像</translation>
    </message>
    <message>
        <source>Backspace, Left</source>
        <translation>Backspace、←</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Every image has a label. Esc goes back to all images.</source>
        <translation>每张图像都已标注。按 Esc 返回所有图像。</translation>
    </message>
    <message>
        <source>Find a class, or add one</source>
        <translation>查找或添加类别</translation>
    </message>
    <message>
        <source>Go Through 1 Set Aside</source>
        <translation>逐张查看暂放的 1 张</translation>
    </message>
    <message>
        <source>Go Through {count} Set Aside</source>
        <translation>逐张查看暂放的 {count} 张</translation>
    </message>
    <message>
        <source>Key: label · Enter: the class singled out · Space: skip · U: set aside · Backspace: back</source>
        <translation>快捷键：标注 · Enter：突出显示的类别 · 空格：跳过 · U：暂放 · Backspace：返回</translation>
    </message>
    <message>
        <source>Set Aside</source>
        <translation>暂放</translation>
    </message>
    <message>
        <source>Set the image aside and go on</source>
        <translation>暂放图像并继续</translation>
    </message>
    <message>
        <source>Show the images that you set aside, one by one</source>
        <translation>逐张查看您暂放的图像</translation>
    </message>
    <message>
        <source>You cannot tell: no label now, and the project keeps it for later (U)</source>
        <translation>难以判断：现在不标注，项目会将其留待以后 (U)</translation>
    </message>
    <message>
        <source>{file} · set aside</source>
        <translation>{file} · 已暂放</translation>
    </message>
    <message>
        <source>Key of a class</source>
        <translation>类别的快捷键</translation>
    </message>
    <message>
        <source>Label queue</source>
        <translation>标注队列</translation>
    </message>
    <message>
        <source>Label the image and go on</source>
        <translation>标注图像并继续</translation>
    </message>
    <message>
        <source>Looking for images that are worth a label…</source>
        <translation>正在查找值得标注的图像…</translation>
    </message>
    <message>
        <source>No label; not suggested again while the project is open (Space)</source>
        <translation>不标注；项目打开期间不再建议（空格）</translation>
    </message>
    <message>
        <source>Nothing is left to suggest. Esc goes back to all images.</source>
        <translation>没有可建议的图像了。按 Esc 返回所有图像。</translation>
    </message>
    <message>
        <source>Single out another class</source>
        <translation>突出显示另一个类别</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>Skip the image</source>
        <translation>跳过图像</translation>
    </message>
    <message>
        <source>Space, Right</source>
        <translation>空格、→</translation>
    </message>
    <message>
        <source>The engine is loading; suggestions follow…</source>
        <translation>引擎正在加载，随后给出建议…</translation>
    </message>
    <message>
        <source>The image before; another key changes its label (Backspace)</source>
        <translation>上一张图像；按其他快捷键可更改其标注（Backspace）</translation>
    </message>
    <message>
        <source>There is no class yet: type the name of what you see and press Enter.</source>
        <translation>还没有类别：输入您所看到的内容的名称，然后按 Enter。</translation>
    </message>
    <message>
        <source>U</source>
        <translation>U</translation>
    </message>
    <message>
        <source>Up, Down</source>
        <translation>↑、↓</translation>
    </message>
    <message>
        <source>{file} · labelled {name}</source>
        <translation>{file} · 已标注为“{name}”</translation>
    </message>
    <message>
        <source>{file} · perhaps none of these</source>
        <translation>{file} · 可能都不是</translation>
    </message>
    <message>
        <source>{labelled} labelled here · {left} without a label</source>
        <translation>在此标注 {labelled} 张 · 未标注 {left} 张</translation>
    </message>
</context>
<context>
    <name>Reason</name>
    <message>
        <source>between {first} and {second}</source>
        <translation>介于“{first}”和“{second}”之间</translation>
    </message>
    <message>
        <source>most likely {first}</source>
        <translation>很可能是“{first}”</translation>
    </message>
    <message>
        <source>rather {first} than {second}</source>
        <translation>更可能是“{first}”，而不是“{second}”</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>1 group of {images} images: copies, a burst or near-duplicates. Labelled near-duplicates count as one label and are held out together.</source>
        <translation>1 组共 {images} 张图像：副本、连拍或近似重复。已标注的近似重复图像算作一个标注，并一起留出。</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Can the confidences be believed?</source>
        <translation>置信度可信吗？</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
    <message>
        <source>Confusion matrix</source>
        <translation>混淆矩阵</translation>
    </message>
    <message>
        <source>Copies, bursts and near-duplicates</source>
        <translation>副本、连拍和近似重复</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Drawn at random from {count} predictions, whose confidences promised {percent} %.</source>
        <translation>从 {count} 个预测中随机抽取，其置信度所预期的是 {percent}%。</translation>
    </message>
    <message>
        <source>Effort</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Evaluation of {project}</source>
        <translation>“{project}”的评估</translation>
    </message>
    <message>
        <source>Every labelled image was classified by a model that had not seen it: fitted without it and its near-duplicates (leave-one-out with the instant effort, five grouped folds with the others). Of near-duplicates with one label the first counts. Accuracy, precision, recall, F1, the matrix and the calibration all come from these predictions.</source>
        <translation>每张已标注的图像都由未见过它的模型来分类：该模型在拟合时不含这张图像及其近似重复图像（即时模式采用留一法，其他模式采用按组划分的五折）。标注相同的近似重复图像中只计第一张。准确率、精确率、召回率、F1、混淆矩阵和校准都来自这些预测。</translation>
    </message>
    <message>
        <source>F1</source>
        <translation>F1</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>How the figures were made</source>
        <translation>这些数字的由来</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Intervals hold the truth 95 times in 100. Those of shares, precision and recall are Wilson’s [1], that of F1 follows from Wilson’s for TP / (TP + FP + FN) [2], those of means over classes from the delta method [3]. Labelled images share their training images, so each counts as three quarters of an independent one.</source>
        <translation>区间有 95% 的把握包含真实值。比例、精确率和召回率采用 Wilson 区间 [1]，F1 的区间由 TP / (TP + FP + FN) 的 Wilson 区间推出 [2]，各类别平均值的区间由 delta 方法得出 [3]。各张已标注图像共用训练图像，因此每张只算作四分之三个独立样本。</translation>
    </message>
    <message>
        <source>Judged</source>
        <translation>已评判</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Labels per class</source>
        <translation>每类别的标注数</translation>
    </message>
    <message>
        <source>Labels that look wrong</source>
        <translation>可能有误的标注</translation>
    </message>
    <message>
        <source>Labels were changed while this was written; the figures are older.</source>
        <translation>写入报告期间标注有变动；这些数字是变动之前的。</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>Mean of the classes</source>
        <translation>各类别平均</translation>
    </message>
    <message>
        <source>Most frequent mistakes: label</source>
        <translation>最常见的错误：标注</translation>
    </message>
    <message>
        <source>{groups} groups of copies, bursts and near-duplicates, {images} images together. Labelled near-duplicates count as one label and are held out together.</source>
        <translation>{groups} 组副本、连拍和近似重复，共 {images} 张图像。已标注的近似重复图像算作一个标注，并一起留出。</translation>
    </message>
    <message>
        <source>No held-out image was taken for another class.</source>
        <translation>没有留出的图像被判为其他类别。</translation>
    </message>
    <message>
        <source>No label looks wrong.</source>
        <translation>没有看起来有误的标注。</translation>
    </message>
    <message>
        <source>Page {page} of {pages}</source>
        <translation>第 {page} 页，共 {pages} 页</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>召回率</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>正确</translation>
    </message>
    <message>
        <source>Rows are the labels, columns what the images were taken for, numbered as the rows are.</source>
        <translation>行是标注，列是图像被判定的类别，编号与行相同。</translation>
    </message>
    <message>
        <source>Spot check</source>
        <translation>抽查</translation>
    </message>
    <message>
        <source>Taken for</source>
        <translation>被判为</translation>
    </message>
    <message>
        <source>The calibration error is the mean distance of confidence and share right over bins of equal width, weighted by their sizes [4]; beside it stands what chance makes it where every confidence is true.</source>
        <translation>校准误差是各等宽分箱中置信度与正确比例之差按箱内数量加权的平均值 [4]；旁边给出的是所有置信度都准确时仅由偶然因素造成的数值。</translation>
    </message>
    <message>
        <source>The curve was measured with the instant effort, fitted to a few labels of each class drawn at random and judged on the others; it is shown through the accuracy of the answers on screen, the odds of being right keeping their ratios.</source>
        <translation>曲线用即时模式测得：用每个类别随机抽取的少量标注拟合，用其余标注评判；显示时让它经过屏幕上答案的准确率，正确几率之比保持不变。</translation>
    </message>
    <message>
        <source>The labels were chosen by a person, so they are no random sample of the folder; only the spot check is.</source>
        <translation>标注由人选定，因此并非文件夹的随机样本；只有抽查才是。</translation>
    </message>
    <message>
        <source>The matrix of so many classes is in the HTML report; here its mistakes.</source>
        <translation>类别太多，完整的矩阵在 HTML 报告中；这里列出其中的错误。</translation>
    </message>
    <message>
        <source>The surest mistakes</source>
        <translation>最有把握却判错的图像</translation>
    </message>
    <message>
        <source>The {shown} most doubtful of {count}.</source>
        <translation>{count} 个中最可疑的 {shown} 个。</translation>
    </message>
    <message>
        <source>There was no spot check yet.</source>
        <translation>尚未进行抽查。</translation>
    </message>
    <message>
        <source>Too few labels to tell whether one of them is wrong.</source>
        <translation>标注太少，无法判断其中是否有误。</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>What went into the classifier: {kept}.</source>
        <translation>分类器由以下部分组成：{kept}。</translation>
    </message>
    <message>
        <source>Would more labels help?</source>
        <translation>增加标注会有帮助吗？</translation>
    </message>
    <message>
        <source>en</source>
        <translation>zh-Hans</translation>
    </message>
    <message>
        <source>{count}, and {none} of “none of these”</source>
        <translation>{count}，另有 {none} 个“都不是”</translation>
    </message>
    <message>
        <source>{label}, looks like {likely} ({percent} %)</source>
        <translation>“{label}”，看起来像“{likely}”（{percent}%）</translation>
    </message>
    <message>
        <source>{label}, taken for {predicted} ({percent} %)</source>
        <translation>“{label}”，被判为“{predicted}”（{percent}%）</translation>
    </message>
    <message>
        <source>{low} to {high} %</source>
        <translation>{low}% 至 {high}%</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
</context>
<context>
    <name>ReportFile</name>
    <message>
        <source>The report could not be written to {path}: {reason}.</source>
        <translation>无法将报告写入 {path}：{reason}。</translation>
    </message>
</context>
<context>
    <name>ResultDialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copy Text</source>
        <translation>复制文字</translation>
    </message>
    <message>
        <source>Copy what is said here, as text</source>
        <translation>将此处的内容复制为文字</translation>
    </message>
    <message>
        <source>Go On Working</source>
        <translation>继续工作</translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>You can close this window and go on labelling meanwhile.</source>
        <translation>您可以关闭此窗口，同时继续标注。</translation>
    </message>
    <message>
        <source>“{title}” was cancelled; nothing was written.</source>
        <translation>“{title}”已取消；未写入任何内容。</translation>
    </message>
</context>
<context>
    <name>ResultEntries</name>
    <message>
        <source>&amp;Export Model…</source>
        <translation>导出模型(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Import Labels…</source>
        <translation>导入标注(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Save Predictions…</source>
        <translation>保存预测(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Watch This Folder</source>
        <translation>监视此文件夹(&amp;W)</translation>
    </message>
    <message>
        <source>Classify images as they come to the folder</source>
        <translation>对新来到文件夹中的图像进行分类</translation>
    </message>
    <message>
        <source>Copy, link or move the images into a folder per class</source>
        <translation>将图像复制、链接或移动到每个类别各一个的文件夹</translation>
    </message>
    <message>
        <source>Cut out what MegaDetector found, to label it</source>
        <translation>裁剪出 MegaDetector 找到的目标，以便标注</translation>
    </message>
    <message>
        <source>Export &amp;Labels…</source>
        <translation>导出标注(&amp;L)…</translation>
    </message>
    <message>
        <source>Export the model as ONNX</source>
        <translation>将模型导出为 ONNX</translation>
    </message>
    <message>
        <source>Export your labels for another program</source>
        <translation>把您的标注导出给其他程序使用</translation>
    </message>
    <message>
        <source>Open Mega&amp;Detector Results…</source>
        <translation>打开 MegaDetector 结果(&amp;D)…</translation>
    </message>
    <message>
        <source>Save the predictions as a table</source>
        <translation>将预测保存为表格</translation>
    </message>
    <message>
        <source>Sort into &amp;Folders…</source>
        <translation>分类到文件夹(&amp;F)…</translation>
    </message>
    <message>
        <source>Take in labels that another program made</source>
        <translation>导入其他程序所做的标注</translation>
    </message>
    <message>
        <source>Write &amp;Metadata…</source>
        <translation>写入元数据(&amp;M)…</translation>
    </message>
    <message>
        <source>Write Mega&amp;Detector Results…</source>
        <translation>写入 MegaDetector 结果(&amp;D)…</translation>
    </message>
    <message>
        <source>Write classes as keywords that other programs read</source>
        <translation>将类别写为其他程序可读取的关键词</translation>
    </message>
    <message>
        <source>Write the classes of crops back into the detector’s file</source>
        <translation>把裁剪图像的类别写回检测器的文件</translation>
    </message>
</context>
<context>
    <name>ResultTasks</name>
    <message>
        <source>Cutting out detections</source>
        <translation>正在裁剪检测目标</translation>
    </message>
    <message>
        <source>Exporting the model</source>
        <translation>导出模型</translation>
    </message>
    <message>
        <source>Keywords written so far stay; they can be undone, or the rest be written.</source>
        <translation>已写入的关键词将保留；可以撤销，也可以继续写入其余部分。</translation>
    </message>
    <message>
        <source>Planning the folders</source>
        <translation>正在规划文件夹</translation>
    </message>
    <message>
        <source>Reading labels</source>
        <translation>正在读取标注</translation>
    </message>
    <message>
        <source>Restoring metadata</source>
        <translation>正在恢复元数据</translation>
    </message>
    <message>
        <source>Saving the predictions</source>
        <translation>保存预测</translation>
    </message>
    <message>
        <source>Some files are not restored yet; they can be later.</source>
        <translation>部分文件尚未恢复；可以稍后恢复。</translation>
    </message>
    <message>
        <source>Sorting into folders</source>
        <translation>正在分类到文件夹</translation>
    </message>
    <message>
        <source>Sorting into {name} stops; you can go on with it or take it back later.</source>
        <translation>分类到 {name} 将停止；以后可以继续或收回。</translation>
    </message>
    <message>
        <source>The crops in {name} are not all made; what is there is kept for later.</source>
        <translation>{name} 中的裁剪图像尚未全部完成；已有的会保留，以后可以继续。</translation>
    </message>
    <message>
        <source>The plan of the folders is not made to its end.</source>
        <translation>文件夹的规划尚未完成。</translation>
    </message>
    <message>
        <source>These images are no crops of detections; “Open MegaDetector Results” in the menu File makes some.</source>
        <translation>这些图像不是检测目标的裁剪图像；可用“文件”菜单中的“打开 MegaDetector 结果”制作。</translation>
    </message>
    <message>
        <source>Writing metadata</source>
        <translation>正在写入元数据</translation>
    </message>
    <message>
        <source>{name} is not written to its end and will be discarded.</source>
        <translation>{name} 尚未写完，将被丢弃。</translation>
    </message>
</context>
<context>
    <name>ReviewClasses</name>
    <message>
        <source>1 is set aside and waits in the label queue</source>
        <translation>有 1 张已暂放，留待标注队列</translation>
    </message>
    <message>
        <source>1 predicted one looks like none of these and is reviewed there</source>
        <translation>其中 1 张预测看起来都不是，在“都不是”中审阅</translation>
    </message>
    <message>
        <source>1 was taken out</source>
        <translation>已剔除 1 张</translation>
    </message>
    <message>
        <source>Classes to review</source>
        <translation>要审阅的类别</translation>
    </message>
    <message>
        <source>Left to review: predicted images without those that look like none of these, are set aside or were taken out. Labels are not counted.</source>
        <translation>还需审阅：预测的图像，不含看起来都不是的、已暂放的和已剔除的。标注不计入。</translation>
    </message>
    <message>
        <source>Left to review: unlabelled images that look like none of these, without those set aside or taken out. Labels are not counted.</source>
        <translation>还需审阅：看起来都不是的未标注图像，不含已暂放的和已剔除的。标注不计入。</translation>
    </message>
    <message>
        <source>None of these?</source>
        <translation>都不是？</translation>
    </message>
    <message>
        <source>{count} are set aside and wait in the label queue</source>
        <translation>有 {count} 张已暂放，留待标注队列</translation>
    </message>
    <message>
        <source>{count} left</source>
        <translation>剩 {count}</translation>
    </message>
    <message>
        <source>{count} predicted ones look like none of these and are reviewed there</source>
        <translation>其中 {count} 张预测看起来都不是，在“都不是”中审阅</translation>
    </message>
    <message>
        <source>{count} were taken out</source>
        <translation>已剔除 {count} 张</translation>
    </message>
    <message>
        <source>{labelled} labelled, {left} left to review</source>
        <translation>已标注 {labelled} 张，还需审阅 {left} 张</translation>
    </message>
    <message>
        <source>{labelled} labelled, {predicted} predicted, {left} left to review</source>
        <translation>已标注 {labelled} 张，预测 {predicted} 张，还需审阅 {left} 张</translation>
    </message>
</context>
<context>
    <name>ReviewDelegate</name>
    <message>
        <source>Taken out</source>
        <translation>已剔除</translation>
    </message>
</context>
<context>
    <name>ReviewModel</name>
    <message>
        <source>taken out; {state}</source>
        <translation>已剔除；{state}</translation>
    </message>
</context>
<context>
    <name>ReviewNothing</name>
    <message>
        <source>Enter goes on with “{name}”.</source>
        <translation>按 Enter 继续审阅“{name}”。</translation>
    </message>
    <message>
        <source>Nothing more is predicted as “{name}”</source>
        <translation>没有更多图像被预测为“{name}”</translation>
    </message>
    <message>
        <source>Nothing more looks like none of your classes</source>
        <translation>没有更多图像看起来不属于任何类别</translation>
    </message>
    <message>
        <source>Nothing predicted</source>
        <translation>没有预测</translation>
    </message>
    <message>
        <source>You have seen all that is predicted as “{name}”</source>
        <translation>预测为“{name}”的图像您都看过了</translation>
    </message>
    <message>
        <source>{count} are undecided; Enter goes through them again.</source>
        <translation>还有 {count} 张未决定；按 Enter 再看一遍。</translation>
    </message>
</context>
<context>
    <name>ReviewPage</name>
    <message>
        <source>Accept the page</source>
        <translation>接受本页</translation>
    </message>
    <message>
        <source>Accept the selected images</source>
        <translation>接受所选图像</translation>
    </message>
    <message>
        <source>Accept {count} as “{name}”</source>
        <translation>接受 {count} 张为“{name}”</translation>
    </message>
    <message>
        <source>Another class</source>
        <translation>切换类别</translation>
    </message>
    <message>
        <source>Back to all images</source>
        <translation>返回所有图像</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Ctrl+Page Up, Ctrl+Page Down</source>
        <translation>Ctrl+Page Up、Ctrl+Page Down</translation>
    </message>
    <message>
        <source>Delete, Backspace</source>
        <translation>Delete、Backspace</translation>
    </message>
    <message>
        <source>Delete, Backspace, X</source>
        <translation>Delete、Backspace、X</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Predictions left to review</source>
        <translation>还需审阅的预测</translation>
    </message>
    <message>
        <source>{count} left to review · page {page} of {pages}</source>
        <translation>还需审阅 {count} 张 · 第 {page} 页，共 {pages} 页</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>F5</source>
        <translation>F5</translation>
    </message>
    <message>
        <source>In order anew, from the first page (F5)</source>
        <translation>重新排序，从第一页开始（F5）</translation>
    </message>
    <message>
        <source>Key of a class</source>
        <translation>类别的快捷键</translation>
    </message>
    <message>
        <source>Page Up, Page Down</source>
        <translation>Page Up、Page Down</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Review by class</source>
        <translation>按类别审阅</translation>
    </message>
    <message>
        <source>Sort the predictions anew</source>
        <translation>重新排列预测</translation>
    </message>
    <message>
        <source>Take the selected images out of the class</source>
        <translation>将所选图像从类别中剔除</translation>
    </message>
    <message>
        <source>The selected images show this class</source>
        <translation>所选图像属于此类别</translation>
    </message>
    <message>
        <source>Turn the page</source>
        <translation>翻页</translation>
    </message>
</context>
<context>
    <name>ReviewStrip</name>
    <message>
        <source>1 Taken Out</source>
        <translation>已剔除 1 张</translation>
    </message>
    <message>
        <source>Accept 1 Image</source>
        <translation>接受 1 张图像</translation>
    </message>
    <message>
        <source>Accept Selected</source>
        <translation>接受所选</translation>
    </message>
    <message>
        <source>Accept all of this class above a confidence, seen or not</source>
        <translation>接受此类别中高于某个置信度的所有图像，无论是否看过</translation>
    </message>
    <message>
        <source>Accept {count} Images</source>
        <translation>接受 {count} 张图像</translation>
    </message>
    <message>
        <source>By Confidence…</source>
        <translation>按置信度…</translation>
    </message>
    <message>
        <source>Enter: accept the page · class key: relabel the selection · X: take it out</source>
        <translation>Enter：接受本页 · 类别快捷键：改标所选图像 · X：剔除</translation>
    </message>
    <message>
        <source>Go On</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Label the selected images as this class (Ctrl+Enter)</source>
        <translation>将所选图像标注为此类别（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>Label those on this page as this class, but for those taken out (Enter)</source>
        <translation>将本页图像标注为此类别，已剔除的除外（Enter）</translation>
    </message>
    <message>
        <source>Next Page</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Next page</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Nothing is left to decide here (Enter)</source>
        <translation>这里没有需要决定的了（Enter）</translation>
    </message>
    <message>
        <source>Page before</source>
        <translation>上一页</translation>
    </message>
    <message>
        <source>Show the images that were taken out and have no label yet</source>
        <translation>显示已剔除且还没有标注的图像</translation>
    </message>
    <message>
        <source>Take Out</source>
        <translation>剔除</translation>
    </message>
    <message>
        <source>The next page, undecided (Page Down)</source>
        <translation>下一页，暂不决定（Page Down）</translation>
    </message>
    <message>
        <source>The page before (Page Up)</source>
        <translation>上一页（Page Up）</translation>
    </message>
    <message>
        <source>The selected images do not show this class; once more puts them back (X)</source>
        <translation>所选图像不属于此类别；再按一次则放回（X）</translation>
    </message>
    <message>
        <source>{count} Taken Out</source>
        <translation>已剔除 {count} 张</translation>
    </message>
</context>
<context>
    <name>ReviewTiles</name>
    <message>
        <source>Images predicted as the class</source>
        <translation>预测为此类别的图像</translation>
    </message>
</context>
<context>
    <name>RunView</name>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>An encoder is being trained.</source>
        <translation>正在训练编码器。</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>此前</translation>
    </message>
    <message>
        <source>Gain</source>
        <translation>提升</translation>
    </message>
    <message>
        <source>How far the training is</source>
        <translation>训练的进度</translation>
    </message>
    <message>
        <source>It lies in {folder}.</source>
        <translation>它位于 {folder}。</translation>
    </message>
    <message>
        <source>It ran for {time}.</source>
        <translation>运行了 {time}。</translation>
    </message>
    <message>
        <source>It runs in a process of its own and gives way to your work. You can close this window. Once it has taken a step it can be stopped and gone on with. It writes to {folder}.</source>
        <translation>它在独立的进程中运行，并让您的工作优先。您可以关闭此窗口。完成第一步之后，它可以停止并继续。它写入 {folder}。</translation>
    </message>
    <message>
        <source>It runs in a process of its own and gives way to your work. You can close this window. When Handful is closed it stops with a checkpoint, and can go on later. It writes to {folder}.</source>
        <translation>它在独立的进程中运行，并让您的工作优先。您可以关闭此窗口。关闭 Handful 时，它会在保存检查点后停止，以后可以继续。它写入 {folder}。</translation>
    </message>
    <message>
        <source>It stops after the step at hand, with a checkpoint.</source>
        <translation>它会在当前这一步之后停止，并留下检查点。</translation>
    </message>
    <message>
        <source>It took {time}.</source>
        <translation>用时 {time}。</translation>
    </message>
    <message>
        <source>Its folder is {folder}.</source>
        <translation>其文件夹为 {folder}。</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Nothing was better on the validation sets without harm to one of them, so the encoder is left as it was.</source>
        <translation>没有哪种改变能提升验证集的表现而不损害其中任何一个，因此编码器保持原样。</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>The encoder is trained, by the smallest step: there was nothing to judge it by.</source>
        <translation>编码器已训练，只改变了最小的一步：没有可用来评判的依据。</translation>
    </message>
    <message>
        <source>The model is trained. It is a paper&apos;s, not one that Handful can use.</source>
        <translation>模型已训练。它属于论文中的实验，Handful 无法使用。</translation>
    </message>
    <message>
        <source>The new encoder is {points} points better on the validation sets.</source>
        <translation>新的编码器在验证集上高出 {points} 个百分点。</translation>
    </message>
    <message>
        <source>The training is being ended.</source>
        <translation>正在结束训练。</translation>
    </message>
    <message>
        <source>The training is finished.</source>
        <translation>训练已完成。</translation>
    </message>
    <message>
        <source>This training was stopped at once; it can go on from its last checkpoint.</source>
        <translation>此次训练已立即停止；可以从上一个检查点继续。</translation>
    </message>
    <message>
        <source>This training was stopped at step {step}; it can go on.</source>
        <translation>此次训练在第 {step} 步停止；可以继续。</translation>
    </message>
    <message>
        <source>This training was stopped before its first checkpoint, so there is nothing to go on from.</source>
        <translation>此次训练在第一个检查点之前停止，因此没有可以继续的内容。</translation>
    </message>
    <message>
        <source>This training was stopped; it can go on.</source>
        <translation>此次训练已停止；可以继续。</translation>
    </message>
    <message>
        <source>Validation set</source>
        <translation>验证集</translation>
    </message>
    <message>
        <source>What the training said last</source>
        <translation>训练最近的输出</translation>
    </message>
    <message>
        <source>in training</source>
        <translation>训练中</translation>
    </message>
    <message>
        <source>mean of ten steps</source>
        <translation>十步平均</translation>
    </message>
    <message>
        <source>step</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>validation, 95 % interval</source>
        <translation>验证，95% 置信区间</translation>
    </message>
    <message>
        <source>{elapsed} so far</source>
        <translation>已用 {elapsed}</translation>
    </message>
    <message>
        <source>{elapsed} so far; this part takes about {left} more</source>
        <translation>已用 {elapsed}；这一部分大约还需 {left}</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation>{points} 个百分点</translation>
    </message>
    <message>
        <source>{text}: {done} of {total}</source>
        <translation>{text}：{done}/{total}</translation>
    </message>
    <message>
        <source>{text}…</source>
        <translation>{text}…</translation>
    </message>
</context>
<context>
    <name>SaveDialog</name>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Choose where to save it.</source>
        <translation>请选择保存位置。</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>另存为</translation>
    </message>
    <message>
        <source>Use “{name}”</source>
        <translation>使用“{name}”</translation>
    </message>
    <message>
        <source>{name} are there already. Replace them?</source>
        <translation>{name} 已存在。要替换它们吗？</translation>
    </message>
    <message>
        <source>{name} is there already. Replace it?</source>
        <translation>{name} 已存在。要替换它吗？</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>Every image has a label of yours, so none is left to predict.</source>
        <translation>每张图像都有您的标注，没有可预测的图像了。</translation>
    </message>
    <message>
        <source>Label images of at least two classes first.</source>
        <translation>请先标注至少两个类别的图像。</translation>
    </message>
    <message>
        <source>Label an image first.</source>
        <translation>请先标注一张图片。</translation>
    </message>
    <message>
        <source>Open a folder first.</source>
        <translation>请先打开一个文件夹。</translation>
    </message>
    <message>
        <source>Painting the sample</source>
        <translation>正在绘制示例</translation>
    </message>
    <message>
        <source>Reading the model</source>
        <translation>正在读取模型</translation>
    </message>
    <message>
        <source>Repairing the project</source>
        <translation>正在修复项目</translation>
    </message>
    <message>
        <source>The predictions are on their way.</source>
        <translation>预测即将给出。</translation>
    </message>
    <message>
        <source>The project is still being read.</source>
        <translation>正在读取项目。</translation>
    </message>
    <message>
        <source>There is no folder or project {path}.</source>
        <translation>没有文件夹或项目 {path}。</translation>
    </message>
    <message>
        <source>{path} cannot be reached: its drive does not answer.</source>
        <translation>无法访问 {path}：其所在的驱动器没有响应。</translation>
    </message>
</context>
<context>
    <name>SessionNotices</name>
    <message>
        <source>1 image was moved or renamed; it stays set aside.</source>
        <translation>有 1 张图像被移动或重命名，仍为暂放。</translation>
    </message>
    <message>
        <source>1 image was moved or renamed; its label came with it.</source>
        <translation>有 1 张图像被移动或重命名，其标注已随之转移。</translation>
    </message>
    <message>
        <source>Fine-tuning is done: {now} % of held-out labels right, {before} % before, by the labels as they were when it began. It answers with those that you have given since, too.</source>
        <translation>微调已完成：按开始时的标注，留出的标注有 {now}% 判断正确，此前为 {before}%。您此后所做的标注也已计入结果。</translation>
    </message>
    <message>
        <source>Fine-tuning is done: {now} % of held-out labels right, {before} % before.</source>
        <translation>微调已完成：留出的标注有 {now}% 判断正确，此前为 {before}%。</translation>
    </message>
    <message>
        <source>Handful may not write in {folder}, so your labels are kept in {kept}.</source>
        <translation>Handful 无权写入 {folder}，因此您的标注保存在 {kept} 中。</translation>
    </message>
    <message>
        <source>None of the project&apos;s images is in {folder}, so nothing was changed; show the folder that holds {name}.</source>
        <translation>{folder} 中没有此项目的任何图像，因此未作更改；请指定包含 {name} 的文件夹。</translation>
    </message>
    <message>
        <source>Not everything in the folder could be read: {names}.</source>
        <translation>文件夹中有些内容无法读取：{names}。</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be reached at the moment. Your labels are kept, and Handful goes on when the folder is back.</source>
        <translation>目前无法访问文件夹 {folder}。您的标注已保留，文件夹恢复后 Handful 会继续。</translation>
    </message>
    <message>
        <source>The folder {folder} is back, and is read again.</source>
        <translation>文件夹 {folder} 已恢复，正在重新读取。</translation>
    </message>
    <message>
        <source>The folder {folder} is not there any more. Your labels are kept; show Handful where the images are now.</source>
        <translation>文件夹 {folder} 已不存在。您的标注会保留；请告诉 Handful 图像现在的位置。</translation>
    </message>
    <message>
        <source>The labelled image {name} was changed by another program; check that its label still fits.</source>
        <translation>已标注的图像 {name} 被其他程序更改；请检查其标注是否仍然合适。</translation>
    </message>
    <message>
        <source>The labels of {folder} are kept in {kept}.</source>
        <translation>{folder} 的标注保存在 {kept} 中。</translation>
    </message>
    <message>
        <source>{count} images were moved or renamed; their labels came with them.</source>
        <translation>有 {count} 张图像被移动或重命名，其标注已随之转移。</translation>
    </message>
    <message>
        <source>{count} images were moved or renamed; they stay set aside.</source>
        <translation>有 {count} 张图像被移动或重命名，仍为暂放。</translation>
    </message>
    <message>
        <source>{count} labelled images were changed by another program, {name} among them; check that their labels still fit.</source>
        <translation>{count} 张已标注的图像被其他程序更改，其中有 {name}；请检查其标注是否仍然合适。</translation>
    </message>
    <message>
        <source>{reason} Handful goes on with its own encoder and the device that it finds; your choice is kept in the settings.</source>
        <translation>{reason}Handful 改用自带的编码器和找到的设备继续工作；您的选择仍保留在设置中。</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Sections</source>
        <translation>设置分类</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>{keys} is the key of a class; choose it in the list of classes.</source>
        <translation>{keys} 是类别的快捷键；请在类别列表中选择。</translation>
    </message>
    <message>
        <source>{keys} moves about in the window, so no action can have it.</source>
        <translation>{keys} 用于在窗口中移动，不能分配给操作。</translation>
    </message>
    <message>
        <source>{keys} opens the menu “{menu}”.</source>
        <translation>{keys} 用于打开菜单“{menu}”。</translation>
    </message>
</context>
<context>
    <name>SidePanel</name>
    <message>
        <source>Cannot be read</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Labelled {name}</source>
        <translation>已标注为“{name}”</translation>
    </message>
    <message>
        <source>Not labelled</source>
        <translation>未标注</translation>
    </message>
    <message>
        <source>Nothing yet.</source>
        <translation>暂无。</translation>
    </message>
    <message>
        <source>Nothing: it cannot be read.</source>
        <translation>无：该图像无法读取。</translation>
    </message>
    <message>
        <source>Number keys label, 0 says none of these, Delete takes the label off, the arrow keys go on.</source>
        <translation>数字键用于标注，0 表示都不是，Delete 取消标注，方向键继续浏览。</translation>
    </message>
    <message>
        <source>Set aside</source>
        <translation>已暂放</translation>
    </message>
    <message>
        <source>Shown as the model sees it: made into a square.</source>
        <translation>以模型所见的方式显示：缩放为正方形。</translation>
    </message>
    <message>
        <source>What the model says</source>
        <translation>模型的判断</translation>
    </message>
    <message>
        <source>What the model says (unsure)</source>
        <translation>模型的判断（不确定）</translation>
    </message>
    <message>
        <source>What the model says, or none of these</source>
        <translation>模型的判断，也可能都不是</translation>
    </message>
</context>
<context>
    <name>SmallPicture</name>
    <message>
        <source>Labelled {name}</source>
        <translation>已标注为“{name}”</translation>
    </message>
</context>
<context>
    <name>SortDialog</name>
    <message>
        <source>0 %: none is taken for unsure</source>
        <translation>0 %：不把任何预测视为没有把握</translation>
    </message>
    <message>
        <source>1 file is left as it is:</source>
        <translation>1 个文件保持原样：</translation>
    </message>
    <message>
        <source>1 image gets another name, since its own is taken: {name}</source>
        <translation>1 张图像换用其他名称，因为原名已被占用：{name}</translation>
    </message>
    <message>
        <source>1 image is there already.</source>
        <translation>1 张图像已在那里。</translation>
    </message>
    <message>
        <source>1 was edited since, and is back as it was edited</source>
        <translation>1 个在此后被编辑，按编辑后的样子放回</translation>
    </message>
    <message>
        <source>A sorting into this folder was interrupted. Go on with it, or take back what was done.</source>
        <translation>上次分类到此文件夹时中断了。请继续，或收回已完成的部分。</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Choose a folder to sort into.</source>
        <translation>请选择要放入的文件夹。</translation>
    </message>
    <message>
        <source>Copied 1 image</source>
        <translation>已复制 1 张图像</translation>
    </message>
    <message>
        <source>Copied {count} images</source>
        <translation>已复制 {count} 张图像</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy 1 Image</source>
        <translation>复制 1 张图像</translation>
    </message>
    <message>
        <source>Copy {count} Images</source>
        <translation>复制 {count} 张图像</translation>
    </message>
    <message>
        <source>Edited</source>
        <translation>已编辑</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>For example</source>
        <translation>例如</translation>
    </message>
    <message>
        <source>Go On</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Hard link</source>
        <translation>硬链接</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Images were sorted into this folder before; that can be taken back.</source>
        <translation>以前曾将图像分类到此文件夹；可以收回。</translation>
    </message>
    <message>
        <source>Into the folder</source>
        <translation>放入文件夹</translation>
    </message>
    <message>
        <source>Left alone</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>Link 1 Image</source>
        <translation>链接 1 张图像</translation>
    </message>
    <message>
        <source>Link {count} Images</source>
        <translation>链接 {count} 张图像</translation>
    </message>
    <message>
        <source>Linked 1 image</source>
        <translation>已链接 1 张图像</translation>
    </message>
    <message>
        <source>Linked {count} images</source>
        <translation>已链接 {count} 张图像</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>Move 1 Image</source>
        <translation>移动 1 张图像</translation>
    </message>
    <message>
        <source>Move {count} Images</source>
        <translation>移动 {count} 张图像</translation>
    </message>
    <message>
        <source>Moved 1 image</source>
        <translation>已移动 1 张图像</translation>
    </message>
    <message>
        <source>Moved {count} images</source>
        <translation>已移动 {count} 张图像</translation>
    </message>
    <message>
        <source>Only images that you labelled</source>
        <translation>仅您标注的图像</translation>
    </message>
    <message>
        <source>Predictions below this go to “_unsure”</source>
        <translation>低于此值的预测放入“_unsure”</translation>
    </message>
    <message>
        <source>Predictions go to “_unsure” below</source>
        <translation>预测放入“_unsure”，若低于</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Put every file back, and remove the folders made for it</source>
        <translation>将每个文件放回原处，并删除为此新建的文件夹</translation>
    </message>
    <message>
        <source>Put the files of the last sorting back, and remove the folders made for it</source>
        <translation>把上次分类放置的文件放回原处，并移除为此创建的文件夹</translation>
    </message>
    <message>
        <source>Puts every image into the folder of its class, yours before the predicted one. Nothing is written over, and all of it can be taken back. First you see what it would do.</source>
        <translation>将每张图像放入其类别的文件夹，您给的类别优先于预测的类别。绝不覆盖任何文件，而且全部可以收回。您会先看到将要做什么。</translation>
    </message>
    <message>
        <source>Second names of the same files, which take no room on the disk</source>
        <translation>同一文件的第二个名称，不占磁盘空间</translation>
    </message>
    <message>
        <source>Sort into Folders</source>
        <translation>分类到文件夹</translation>
    </message>
    <message>
        <source>Sort the images that are not in their folders yet</source>
        <translation>将尚未放好的图像放入其文件夹</translation>
    </message>
    <message>
        <source>Take Back</source>
        <translation>收回</translation>
    </message>
    <message>
        <source>Taken back: 1 file is removed from its folder</source>
        <translation>已收回：1 个文件已从其文件夹中移除</translation>
    </message>
    <message>
        <source>Taken back: 1 image is where it was</source>
        <translation>已收回：1 张图像回到原处</translation>
    </message>
    <message>
        <source>Taken back: {count} files are removed from the folders</source>
        <translation>已收回：{count} 个文件已从各文件夹中移除</translation>
    </message>
    <message>
        <source>Taken back: {count} images are where they were</source>
        <translation>已收回：{count} 张图像回到原处</translation>
    </message>
    <message>
        <source>The files stay where they are</source>
        <translation>文件留在原处</translation>
    </message>
    <message>
        <source>They take {needed} of the {free} that are free.</source>
        <translation>需要 {needed}，可用空间为 {free}。</translation>
    </message>
    <message>
        <source>This project finds them where they go; sidecars (.xmp, .json) go along</source>
        <translation>本项目会在新位置找到它们；附属文件（.xmp、.json）一同移动</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>What becomes of the files</source>
        <translation>如何处理文件</translation>
    </message>
    <message>
        <source>What it would do</source>
        <translation>将要做的事</translation>
    </message>
    <message>
        <source>Where two have the same name, both get some digits more</source>
        <translation>若两个名称相同，二者都会加上几位数字</translation>
    </message>
    <message>
        <source>Which, and how</source>
        <translation>哪些图像，如何放置</translation>
    </message>
    <message>
        <source>Without the folders that the images lie in now</source>
        <translation>不保留图像现在所在的文件夹</translation>
    </message>
    <message>
        <source>{count} files are left as they are:</source>
        <translation>{count} 个文件保持原样：</translation>
    </message>
    <message>
        <source>{count} images are there already.</source>
        <translation>{count} 张图像已在那里。</translation>
    </message>
    <message>
        <source>{count} images get other names, since theirs are taken; for example {name}</source>
        <translation>{count} 张图像换用其他名称，因为原名已被占用；例如 {name}</translation>
    </message>
    <message>
        <source>{count} were edited since, and are back as they were edited</source>
        <translation>{count} 个在此后被编辑，按编辑后的样子放回</translation>
    </message>
    <message>
        <source>{folder} (class “{label}”)</source>
        <translation>{folder}（类别“{label}”）</translation>
    </message>
    <message>
        <source>{name}: {reason}</source>
        <translation>{name}：{reason}</translation>
    </message>
    <message>
        <source>“{title}” was cancelled; what was sorted so far stays, and the dialog can go on with it or take it back.</source>
        <translation>“{title}”已取消；已分类的部分保留，可在对话框中继续或收回。</translation>
    </message>
</context>
<context>
    <name>SplitDialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Go to a new class: {count}</source>
        <translation>归入新类别：{count}</translation>
    </message>
    <message>
        <source>Looking for two kinds of images in it…</source>
        <translation>正在其中寻找两种不同的图像…</translation>
    </message>
    <message>
        <source>Name of the new class</source>
        <translation>新类别的名称</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>拆分</translation>
    </message>
    <message>
        <source>Split “{name}”</source>
        <translation>拆分“{name}”</translation>
    </message>
    <message>
        <source>Stay in “{name}”: {count}</source>
        <translation>留在“{name}”：{count}</translation>
    </message>
</context>
<context>
    <name>SpotCheck</name>
    <message>
        <source>In the spot check they promised too much: {promised} % on average, and {right} of {asked} were right.</source>
        <translation>在抽查中置信度偏高：平均为 {promised}%，而 {asked} 个中有 {right} 个正确。</translation>
    </message>
    <message>
        <source>Label more: only {right} of {asked} predictions were right in the spot check. What shows none of your classes is “none of these”.</source>
        <translation>请多标注一些：抽查的 {asked} 个预测中只有 {right} 个正确。不属于任何类别的图像请标为“都不是”。</translation>
    </message>
    <message>
        <source>Spot check of {when}, with {count} labels as now.</source>
        <translation>抽查于 {when}，当时与现在一样有 {count} 个标注。</translation>
    </message>
    <message>
        <source>Spot check of {when}, with {count} labels; there are {now} now, so draw again for the answers on screen.</source>
        <translation>抽查于 {when}，当时有 {count} 个标注；现在有 {now} 个，因此要了解屏幕上的结果，请重新抽取。</translation>
    </message>
    <message>
        <source>Spot check {percent} % ({low} to {high} %)</source>
        <translation>抽查 {percent}%（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>The rest of the folder is easier than your labels. The spot check was drawn from it at random, the labels were not: believe the spot check.</source>
        <translation>文件夹中其余的图像比您标注的更容易。抽查是从中随机抽取的，标注则不是：请以抽查为准。</translation>
    </message>
    <message>
        <source>The rest of the folder is harder than your labels. The spot check was drawn from it at random, the labels were not: believe the spot check.</source>
        <translation>文件夹中其余的图像比您标注的更难。抽查是从中随机抽取的，标注则不是：请以抽查为准。</translation>
    </message>
    <message>
        <source>The spot check, drawn from all predictions at random, does not contradict the held-out labels.</source>
        <translation>抽查从全部预测中随机抽取，其结果与留出的标注并不矛盾。</translation>
    </message>
    <message>
        <source>{right} of {asked} right in the spot check</source>
        <translation>抽查 {asked} 个中 {right} 个正确</translation>
    </message>
    <message>
        <source>{right} of {asked} right in the spot check ({low} to {high} %)</source>
        <translation>抽查 {asked} 个中 {right} 个正确（{low} 至 {high}%）</translation>
    </message>
    <message>
        <source>{right} of {asked} right: {percent} %, between {low} and {high} %</source>
        <translation>{asked} 个中有 {right} 个正确：{percent}%，介于 {low}% 与 {high}% 之间</translation>
    </message>
</context>
<context>
    <name>SpotCheckPage</name>
    <message>
        <source>Back to the image before</source>
        <translation>返回上一张图像</translation>
    </message>
    <message>
        <source>Backspace, Left</source>
        <translation>Backspace、←</translation>
    </message>
    <message>
        <source>End the spot check</source>
        <translation>结束抽查</translation>
    </message>
    <message>
        <source>Enter, Y</source>
        <translation>Enter、Y</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Is this “{name}”?</source>
        <translation>这是“{name}”吗？</translation>
    </message>
    <message>
        <source>A class’s key or a click on the class labels it, 0: none of these · Enter: don’t know · Backspace: back</source>
        <translation>按类别的键或点击类别即可标注，0：都不是 · 回车：不知道 · 退格：返回</translation>
    </message>
    <message>
        <source>Answered right. {hint}</source>
        <translation>已回答正确。{hint}</translation>
    </message>
    <message>
        <source>Answered wrong. {hint}</source>
        <translation>已回答错误。{hint}</translation>
    </message>
    <message>
        <source>Don’t Know</source>
        <translation>不知道</translation>
    </message>
    <message>
        <source>Enter: right · a class’s key: wrong, it is that · N: wrong · Space: skip · Backspace: back · Esc: enough</source>
        <translation>回车：正确 · 类别的键：错误，它是该类别 · N：错误 · 空格：跳过 · 退格：返回 · Esc：结束</translation>
    </message>
    <message>
        <source>It is this class: a wrong one is labelled so</source>
        <translation>它是此类别：预测错误的图像会被这样标注</translation>
    </message>
    <message>
        <source>It is wrong, and you cannot say what it is (Enter)</source>
        <translation>预测错误，但说不出它是什么（回车）</translation>
    </message>
    <message>
        <source>Key of a class</source>
        <translation>类别的快捷键</translation>
    </message>
    <message>
        <source>Label by spot check</source>
        <translation>通过抽查标注</translation>
    </message>
    <message>
        <source>N</source>
        <translation>N</translation>
    </message>
    <message>
        <source>Not “{name}”. What is it?</source>
        <translation>不是“{name}”。它是什么？</translation>
    </message>
    <message>
        <source>Skip</source>
        <translation>跳过</translation>
    </message>
    <message>
        <source>Skip the image; it does not count</source>
        <translation>跳过此图像，不计入</translation>
    </message>
    <message>
        <source>Skipped before. {hint}</source>
        <translation>先前已跳过。{hint}</translation>
    </message>
    <message>
        <source>Space, Right</source>
        <translation>空格、→</translation>
    </message>
    <message>
        <source>The prediction is wrong (N); a class’s key says at once what it is</source>
        <translation>预测错误（N）；按类别的键可直接说明它是什么</translation>
    </message>
    <message>
        <source>The prediction is wrong; then what it is, or Enter</source>
        <translation>预测错误；然后说明它是什么，或按回车</translation>
    </message>
    <message>
        <source>You cannot tell; it does not count (Space)</source>
        <translation>无法判断；不计入（空格）</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>正确</translation>
    </message>
    <message>
        <source>Spot check</source>
        <translation>抽查</translation>
    </message>
    <message>
        <source>The prediction is right</source>
        <translation>预测正确</translation>
    </message>
    <message>
        <source>The prediction is right (Enter or Y)</source>
        <translation>预测正确（Enter 或 Y）</translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>{place} of {count}</source>
        <translation>第 {place} 张，共 {count} 张</translation>
    </message>
</context>
<context>
    <name>SpotOutcome</name>
    <message>
        <source>1 was skipped and does not count.</source>
        <translation>跳过了 1 张，不计入。</translation>
    </message>
    <message>
        <source>Begin anew with another sample</source>
        <translation>用另一个样本重新开始</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Draw Again</source>
        <translation>重新抽取</translation>
    </message>
    <message>
        <source>Drawn at random from {count} predictions; the share among all of them lies between the two numbers 95 times in 100. Their confidences promised {percent} %.</source>
        <translation>从 {count} 个预测中随机抽取；在所有预测中，正确的比例有 95% 的把握落在这两个数之间。它们的置信度所预期的是 {percent}%。</translation>
    </message>
    <message>
        <source>Go on with the 1 that is left of this sample</source>
        <translation>继续完成此样本中剩下的 1 个</translation>
    </message>
    <message>
        <source>Go on with the {count} that are left of this sample</source>
        <translation>继续完成此样本中剩下的 {count} 个</translation>
    </message>
    <message>
        <source>Nothing to check</source>
        <translation>没有可检查的内容</translation>
    </message>
    <message>
        <source>Right answers and those that say what it is become labels of yours</source>
        <translation>回答正确的以及指明实际类别的图像会成为您的标注</translation>
    </message>
    <message>
        <source>Show the Wrong Ones</source>
        <translation>显示错误的图像</translation>
    </message>
    <message>
        <source>Use 1 Answer as a Label</source>
        <translation>将 1 个回答用作标注</translation>
    </message>
    <message>
        <source>Use {count} Answers as Labels</source>
        <translation>将 {count} 个回答用作标注</translation>
    </message>
    <message>
        <source>{count} were skipped and do not count.</source>
        <translation>跳过了 {count} 张，不计入。</translation>
    </message>
    <message>
        <source>{count} wrong</source>
        <translation>{count} 个错误</translation>
    </message>
</context>
<context>
    <name>StackCard</name>
    <message>
        <source>Lay these images under one tile again (Ctrl+G)</source>
        <translation>将这些图像重新归入一个缩略图（Ctrl+G）</translation>
    </message>
    <message>
        <source>One Tile</source>
        <translation>归入一个缩略图</translation>
    </message>
    <message>
        <source>Show Each</source>
        <translation>逐张显示</translation>
    </message>
    <message>
        <source>Show each of these images on a tile of its own (Ctrl+G)</source>
        <translation>将这些图像各自显示为一个缩略图（Ctrl+G）</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>A folder of images, with its sub-folders. The files stay untouched.</source>
        <translation>一个包含图像的文件夹及其子文件夹。文件不会被改动。</translation>
    </message>
    <message>
        <source>Every other image gets a class and a confidence, as a table or model.</source>
        <translation>其他每张图像都会得到类别和置信度，可保存为表格或模型。</translation>
    </message>
    <message>
        <source>Get the rest</source>
        <translation>得到其余结果</translation>
    </message>
    <message>
        <source>Label a handful</source>
        <translation>标注少量示例</translation>
    </message>
    <message>
        <source>Name your classes and give each a few examples, by key or click.</source>
        <translation>为类别命名，然后用按键或单击为每个类别标注几个示例。</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open Folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open Project…</source>
        <translation>打开项目…</translation>
    </message>
    <message>
        <source>Open a .handful file (Ctrl+Shift+O)</source>
        <translation>打开 .handful 文件（Ctrl+Shift+O）</translation>
    </message>
    <message>
        <source>Open a folder of images (Ctrl+O)</source>
        <translation>打开图像文件夹（Ctrl+O）</translation>
    </message>
    <message>
        <source>Paint 150 pictures of machine parts, and open them to be labelled</source>
        <translation>绘制 150 张机器零件图片，并打开供标注</translation>
    </message>
    <message>
        <source>Painting the Sample…</source>
        <translation>正在绘制示例…</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>最近</translation>
    </message>
    <message>
        <source>Sort a folder of images by a handful of examples</source>
        <translation>用少量示例为整个文件夹的图像分类</translation>
    </message>
    <message>
        <source>Try the Sample</source>
        <translation>试用示例</translation>
    </message>
    <message>
        <source>or drop a folder anywhere in this window</source>
        <translation>或将文件夹拖放到此窗口的任意位置</translation>
    </message>
</context>
<context>
    <name>Startup</name>
    <message>
        <source>Something went wrong inside Handful. Your labels are saved, and you can go on; what happened is in {path}.</source>
        <translation>Handful 内部出现问题。您的标注已保存，可以继续工作；详情见 {path}。</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Engine is loading…</source>
        <translation>引擎正在加载…</translation>
    </message>
    <message>
        <source>Go on with the other images</source>
        <translation>继续处理其他图像</translation>
    </message>
    <message>
        <source>No predictions: {reason}</source>
        <translation>没有预测：{reason}</translation>
    </message>
    <message>
        <source>Engine is restarting…</source>
        <translation>引擎正在重新启动…</translation>
    </message>
    <message>
        <source>Stopped; some images are not classified yet</source>
        <translation>已停止；部分图像尚未分类</translation>
    </message>
    <message>
        <source>You can label meanwhile.</source>
        <translation>您可以同时进行标注。</translation>
    </message>
    <message>
        <source>{count} h left</source>
        <translation>还剩 {count} 小时</translation>
    </message>
    <message>
        <source>{count} labelled</source>
        <translation>已标注 {count}</translation>
    </message>
    <message>
        <source>{count} labelled, {none} of them none of these</source>
        <translation>已标注 {count}，其中“都不是” {none}</translation>
    </message>
    <message>
        <source>{count} min left</source>
        <translation>还剩 {count} 分钟</translation>
    </message>
    <message>
        <source>{count} predicted</source>
        <translation>已预测 {count}</translation>
    </message>
    <message>
        <source>{count} s left</source>
        <translation>还剩 {count} 秒</translation>
    </message>
    <message>
        <source>{count} unreadable</source>
        <translation>无法读取 {count}</translation>
    </message>
    <message>
        <source>{encoder} on {provider}</source>
        <translation>{provider} 上的 {encoder}</translation>
    </message>
    <message>
        <source>{rate}/s</source>
        <translation>{rate}/秒</translation>
    </message>
</context>
<context>
    <name>Strip</name>
    <message>
        <source>Label looks wrong</source>
        <translation>标注可能有误</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Leave the map as it is now</source>
        <translation>让分布图保持现状</translation>
    </message>
    <message>
        <source>Like none of the classes</source>
        <translation>不像任何类别</translation>
    </message>
    <message>
        <source>Not classified</source>
        <translation>未分类</translation>
    </message>
    <message>
        <source>Predictions</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Show in Gallery</source>
        <translation>在图库中显示</translation>
    </message>
    <message>
        <source>Show the selected images as tiles</source>
        <translation>以缩略图显示所选图像</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>不确定</translation>
    </message>
</context>
<context>
    <name>Suggestions</name>
    <message>
        <source>next by its place in the folder</source>
        <translation>按其在文件夹中的位置依次给出</translation>
    </message>
    <message>
        <source>set aside by you</source>
        <translation>由您暂放</translation>
    </message>
</context>
<context>
    <name>Task</name>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
</context>
<context>
    <name>TileDelegate</name>
    <message>
        <source>Different labels</source>
        <translation>标注不同</translation>
    </message>
    <message>
        <source>None of these?</source>
        <translation>都不是？</translation>
    </message>
    <message>
        <source>{count} of {all} labelled</source>
        <translation>已标注 {count}/{all}</translation>
    </message>
</context>
<context>
    <name>ToolBar</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
</context>
<context>
    <name>UnmatchedList</name>
    <message>
        <source>Labels that cannot be taken</source>
        <translation>无法采用的标注</translation>
    </message>
</context>
<context>
    <name>UnmatchedModel</name>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标注</translation>
    </message>
    <message>
        <source>Why not</source>
        <translation>原因</translation>
    </message>
</context>
<context>
    <name>WatchButton</name>
    <message>
        <source>New images in the folder are classified as they come</source>
        <translation>文件夹中新来的图像会自动分类</translation>
    </message>
    <message>
        <source>Stop Watching This Folder</source>
        <translation>停止监视此文件夹</translation>
    </message>
    <message>
        <source>The folder is not there; watching goes on when it is back</source>
        <translation>文件夹不存在；恢复后会继续监视</translation>
    </message>
    <message>
        <source>Waiting for the folder</source>
        <translation>正在等待文件夹</translation>
    </message>
    <message>
        <source>Watching</source>
        <translation>正在监视</translation>
    </message>
    <message>
        <source>Watching: {count} new</source>
        <translation>正在监视：新来 {count} 张</translation>
    </message>
</context>
<context>
    <name>Work</name>
    <message>
        <source>Cancel this</source>
        <translation>取消此项</translation>
    </message>
</context>
<context>
    <name>WorkList</name>
    <message>
        <source>Work under way</source>
        <translation>正在进行的工作</translation>
    </message>
    <message>
        <source>{work}: {progress}</source>
        <translation>{work}：{progress}</translation>
    </message>
</context>
<context>
    <name>WorkTeller</name>
    <message>
        <source>{work}: finished.</source>
        <translation>{work}：已完成。</translation>
    </message>
</context>
<context>
    <name>WorkWatch</name>
    <message>
        <source>Fine-tuning</source>
        <translation>正在微调</translation>
    </message>
    <message>
        <source>Fine-tuning is not done; what it has finished is kept for the next time.</source>
        <translation>微调尚未完成；已完成的部分会保留到下次。</translation>
    </message>
    <message>
        <source>Looking for alike images</source>
        <translation>正在查找相似图像</translation>
    </message>
    <message>
        <source>Looking for images · {count} found</source>
        <translation>正在查找图像 · 已找到 {count} 张</translation>
    </message>
    <message>
        <source>Not all images are read yet; reading goes on when you open the folder.</source>
        <translation>尚未读取所有图像；再次打开文件夹时会继续读取。</translation>
    </message>
    <message>
        <source>Reading images</source>
        <translation>读取图像</translation>
    </message>
    <message>
        <source>Stop fine-tuning; the answers stay as they are</source>
        <translation>停止微调；结果保持不变</translation>
    </message>
    <message>
        <source>Stop the training; it can be gone on with later</source>
        <translation>停止训练；之后可以继续</translation>
    </message>
    <message>
        <source>Stop the training; it has not taken a step yet</source>
        <translation>停止训练；它尚未完成任何一步</translation>
    </message>
    <message>
        <source>Stop this; what is done stays done</source>
        <translation>停止；已完成的部分会保留</translation>
    </message>
    <message>
        <source>Stop, and stay with the instant answers</source>
        <translation>停止，继续使用即时结果</translation>
    </message>
    <message>
        <source>Stop; it begins again when you ask for groups</source>
        <translation>停止；需要分组时会重新开始</translation>
    </message>
    <message>
        <source>The training of an encoder stops before its first step and begins anew later.</source>
        <translation>编码器的训练会在第一步之前停止，以后从头开始。</translation>
    </message>
    <message>
        <source>The training of an encoder stops; you can go on with it later.</source>
        <translation>编码器的训练会停止；您之后可以继续。</translation>
    </message>
    <message>
        <source>Thorough effort</source>
        <translation>深入模式</translation>
    </message>
    <message>
        <source>Training an encoder</source>
        <translation>训练编码器</translation>
    </message>
</context>
<context>
    <name>_ImageList</name>
    <message>
        <source>Images behind the cell</source>
        <translation>单元格对应的图像</translation>
    </message>
</context>
<context>
    <name>_NoticeBar</name>
    <message>
        <source>Dismiss</source>
        <translation>关闭此通知</translation>
    </message>
    <message>
        <source>Dismiss (Esc)</source>
        <translation>关闭（Esc）</translation>
    </message>
    <message>
        <source>Error: {text}</source>
        <translation>错误：{text}</translation>
    </message>
    <message>
        <source>Find folder…</source>
        <translation>查找文件夹…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Notice: {text}</source>
        <translation>通知：{text}</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Show 1 more notice</source>
        <translation>显示另外 1 条通知</translation>
    </message>
    <message>
        <source>Show Less</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Show only the newest notice</source>
        <translation>只显示最新的通知</translation>
    </message>
    <message>
        <source>Show {count} more notices</source>
        <translation>显示另外 {count} 条通知</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Warning: {text}</source>
        <translation>警告：{text}</translation>
    </message>
    <message>
        <source>{count} More</source>
        <translation>还有 {count} 条</translation>
    </message>
    <message>
        <source>{text} ({count} times)</source>
        <translation>{text}（{count} 次）</translation>
    </message>
</context>
<context>
    <name>_WorkRow</name>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>{work}: {action}</source>
        <translation>{work}：{action}</translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>1 thread</source>
        <translation>1 个线程</translation>
    </message>
    <message>
        <source>&lt; 1 %</source>
        <translation>&lt; 1%</translation>
    </message>
    <message>
        <source>A GPU was found, but {reason}; working on the CPU.</source>
        <translation>找到了 GPU，但{reason}；改用 CPU。</translation>
    </message>
    <message>
        <source>A class cannot be called “{name}”: “{none}” is there for images that show no class.</source>
        <translation>类别不能叫“{name}”：“{none}”专用于不属于任何类别的图像。</translation>
    </message>
    <message>
        <source>A class has 1 image; evaluation needs at least 2 of each, one to label and one to classify.</source>
        <translation>有一个类别只有 1 张图像；评估需要每个类别至少 2 张，一张用于标注，一张用于分类。</translation>
    </message>
    <message>
        <source>A class has no image; evaluation needs at least 2 of each, one to label and one to classify.</source>
        <translation>有一个类别没有图像；评估需要每个类别至少 2 张，一张用于标注，一张用于分类。</translation>
    </message>
    <message>
        <source>A class needs a name.</source>
        <translation>类别需要名称。</translation>
    </message>
    <message>
        <source>A labelled image cannot be read any more, so no more was tried; the answers stay as they were.</source>
        <translation>有一张已标注的图像无法再读取，因此没有继续尝试；结果保持不变。</translation>
    </message>
    <message>
        <source>Add a second class.</source>
        <translation>请添加第二个类别。</translation>
    </message>
    <message>
        <source>Add class “{name}”</source>
        <translation>添加类别“{name}”</translation>
    </message>
    <message>
        <source>Add two classes and label a few images.</source>
        <translation>请添加两个类别，并标注几张图像。</translation>
    </message>
    <message>
        <source>Add {count} classes</source>
        <translation>添加 {count} 个类别</translation>
    </message>
    <message>
        <source>An image that looks the same is labelled “{name}”.</source>
        <translation>有一张看起来相同的图像标注为“{name}”。</translation>
    </message>
    <message>
        <source>Arranging the map</source>
        <translation>正在排布分布图</translation>
    </message>
    <message>
        <source>Asking {host} for the weights</source>
        <translation>正在向 {host} 请求权重</translation>
    </message>
    <message>
        <source>At least two classes need a labelled image; 1 has one.</source>
        <translation>至少需要两个类别有已标注的图像；现在有 1 个。</translation>
    </message>
    <message>
        <source>At least two classes need a labelled image; {count} have one.</source>
        <translation>至少需要两个类别有已标注的图像；现在有 {count} 个。</translation>
    </message>
    <message>
        <source>Building the graph, which can take a minute</source>
        <translation>正在生成计算图，可能需要一分钟</translation>
    </message>
    <message>
        <source>Building the model file (a few seconds)</source>
        <translation>正在生成模型文件（需要几秒）</translation>
    </message>
    <message>
        <source>CPU, {threads}</source>
        <translation>CPU，{threads}</translation>
    </message>
    <message>
        <source>Checking the model file on real images</source>
        <translation>正在用真实图像检查模型文件</translation>
    </message>
    <message>
        <source>Cleaning the cache</source>
        <translation>正在清理缓存</translation>
    </message>
    <message>
        <source>Colour of “{name}”</source>
        <translation>“{name}”的颜色</translation>
    </message>
    <message>
        <source>Could not empty the cache {path}: {reason}.</source>
        <translation>无法清空缓存 {path}：{reason}。</translation>
    </message>
    <message>
        <source>Could not open the cache {path}: {error}.</source>
        <translation>无法打开缓存 {path}：{error}。</translation>
    </message>
    <message>
        <source>Could not write {path}: it is a folder.</source>
        <translation>无法写入 {path}：它是一个文件夹。</translation>
    </message>
    <message>
        <source>Could not write {path}: it is no ordinary file.</source>
        <translation>无法写入 {path}：它不是普通文件。</translation>
    </message>
    <message>
        <source>Could not write {path}: there is no folder {parent}.</source>
        <translation>无法写入 {path}：没有文件夹 {parent}。</translation>
    </message>
    <message>
        <source>Could not {doing} the cache {path}: {error}; the work goes on without it.</source>
        <translation>无法{doing}缓存 {path}：{error}；工作将在没有缓存的情况下继续。</translation>
    </message>
    <message>
        <source>Could not {doing} {path}: another program is using it.</source>
        <translation>无法{doing} {path}：其他程序正在使用它。</translation>
    </message>
    <message>
        <source>Could not {doing} {path}: it is read-only.</source>
        <translation>无法{doing} {path}：它是只读的。</translation>
    </message>
    <message>
        <source>Could not {doing} {path}: the disk is full; make room, and the change can be made again. Nothing saved before is lost.</source>
        <translation>无法{doing} {path}：磁盘已满；请腾出空间，然后可以重新进行此更改。之前保存的内容没有丢失。</translation>
    </message>
    <message>
        <source>Could not {doing} {path}: {reason}.</source>
        <translation>无法{doing} {path}：{reason}。</translation>
    </message>
    <message>
        <source>Could not {doing} {path}: {text}.</source>
        <translation>无法{doing} {path}：{text}。</translation>
    </message>
    <message>
        <source>Delete class “{name}”</source>
        <translation>删除类别“{name}”</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Downloading {model}, MB</source>
        <translation>正在下载 {model}（MB）</translation>
    </message>
    <message>
        <source>Embedding the training images ({name})</source>
        <translation>正在计算训练图像的嵌入（{name}）</translation>
    </message>
    <message>
        <source>Episodes of {way} classes with {shot} shots need {needed} images, but max_images is {most}.</source>
        <translation>{way} 个类别、每类 {shot} 个样本的训练任务需要 {needed} 张图像，但 max_images 为 {most}。</translation>
    </message>
    <message>
        <source>Find the labels of 1 moved image again</source>
        <translation>重新找回 1 张已移动图像的标注</translation>
    </message>
    <message>
        <source>Find the labels of {count} moved images again</source>
        <translation>重新找回 {count} 张已移动图像的标注</translation>
    </message>
    <message>
        <source>Fine-tuning</source>
        <translation>正在微调</translation>
    </message>
    <message>
        <source>Fine-tuning did not help with these labels and was not kept.</source>
        <translation>微调对这些标注没有帮助，未予采用。</translation>
    </message>
    <message>
        <source>Fine-tuning needs ten labelled images that are no near-duplicates, and two in most of the classes: it is kept only where it helps on labels held out from it.</source>
        <translation>微调需要十张互不近似重复的已标注图像，并且大多数类别各有两张：只有在对留出的标注有帮助时才会采用。</translation>
    </message>
    <message>
        <source>Fitting the projection</source>
        <translation>正在拟合投影</translation>
    </message>
    <message>
        <source>Judging by the labels that were held out</source>
        <translation>正在用留出的标注进行评判</translation>
    </message>
    <message>
        <source>Key of “{name}”</source>
        <translation>“{name}”的快捷键</translation>
    </message>
    <message>
        <source>Label 1 image</source>
        <translation>标注 1 张图像</translation>
    </message>
    <message>
        <source>Label an image of a second class.</source>
        <translation>请标注一张第二个类别的图像。</translation>
    </message>
    <message>
        <source>Label an image of each class.</source>
        <translation>请为每个类别标注一张图像。</translation>
    </message>
    <message>
        <source>Label images of at least two classes.</source>
        <translation>请标注至少两个类别的图像。</translation>
    </message>
    <message>
        <source>Label images of “{name}”, which has none yet.</source>
        <translation>请标注“{name}”的图像，它还没有标注。</translation>
    </message>
    <message>
        <source>Label {count} images</source>
        <translation>标注 {count} 张图像</translation>
    </message>
    <message>
        <source>Loading torch, which takes some seconds</source>
        <translation>正在加载 torch，需要几秒</translation>
    </message>
    <message>
        <source>Looking again, three views each</source>
        <translation>正在从三个视角重新查看</translation>
    </message>
    <message>
        <source>Looking again, tuned</source>
        <translation>正在用微调后的编码器重新查看</translation>
    </message>
    <message>
        <source>Looking at images</source>
        <translation>正在读取图像</translation>
    </message>
    <message>
        <source>Looking at some images without a label</source>
        <translation>正在读取部分未标注的图像</translation>
    </message>
    <message>
        <source>Looking at the data</source>
        <translation>正在查看数据</translation>
    </message>
    <message>
        <source>Looking at the labelled images from several sides</source>
        <translation>正在从多个视角读取已标注的图像</translation>
    </message>
    <message>
        <source>Looking for alike images</source>
        <translation>正在查找相似图像</translation>
    </message>
    <message>
        <source>Looking for images</source>
        <translation>正在查找图像</translation>
    </message>
    <message>
        <source>Merge “{source}” into “{target}”</source>
        <translation>将“{source}”合并到“{target}”</translation>
    </message>
    <message>
        <source>Meta-training: training accuracy {accuracy:.3f}</source>
        <translation>元训练：训练准确率 {accuracy:.3f}</translation>
    </message>
    <message>
        <source>Meta-training: training accuracy {accuracy:.3f} (best epoch {best:.3f})</source>
        <translation>元训练：训练准确率 {accuracy:.3f}（最佳轮次 {best:.3f}）</translation>
    </message>
    <message>
        <source>Meta-training: training accuracy {accuracy:.3f}, validation {last:.4f} (best {best:.4f})</source>
        <translation>元训练：训练准确率 {accuracy:.3f}，验证 {last:.4f}（最佳 {best:.4f}）</translation>
    </message>
    <message>
        <source>Move class “{name}”</source>
        <translation>移动类别“{name}”</translation>
    </message>
    <message>
        <source>Moving the cache (MB)</source>
        <translation>正在移动缓存（MB）</translation>
    </message>
    <message>
        <source>NVIDIA GPU (onnxruntime)</source>
        <translation>NVIDIA GPU（onnxruntime）</translation>
    </message>
    <message>
        <source>NVIDIA GPU (torch)</source>
        <translation>NVIDIA GPU（torch）</translation>
    </message>
    <message>
        <source>Neither the name of a network nor an encoder file was given.</source>
        <translation>既没有给出网络名称，也没有给出编码器文件。</translation>
    </message>
    <message>
        <source>Networks of timm need the package timm, which is not installed: pip install timm.</source>
        <translation>使用 timm 的网络需要 timm 软件包，但尚未安装：pip install timm。</translation>
    </message>
    <message>
        <source>No data sets were given to train on.</source>
        <translation>没有指定用于训练的数据集。</translation>
    </message>
    <message>
        <source>Nobody gives weights of {name} for download; get a file with some and give it as the weights.</source>
        <translation>{name} 没有可供下载的权重；请自行取得权重文件，并将其指定为权重。</translation>
    </message>
    <message>
        <source>None of the images of the data set {name!r} can be decoded.</source>
        <translation>数据集 {name!r} 中没有能解码的图像。</translation>
    </message>
    <message>
        <source>None of the training images that were tried can be decoded.</source>
        <translation>所尝试的训练图像都无法解码。</translation>
    </message>
    <message>
        <source>None of these</source>
        <translation>都不是</translation>
    </message>
    <message>
        <source>Note on “{name}”</source>
        <translation>“{name}”的备注</translation>
    </message>
    <message>
        <source>Nothing can be classified yet: {reason}</source>
        <translation>目前还无法分类：{reason}</translation>
    </message>
    <message>
        <source>Nothing was better on the validation sets without harm to one: it is the start.</source>
        <translation>在验证集上没有任何结果既更好又不损害其中之一：它就是起始编码器。</translation>
    </message>
    <message>
        <source>On the validation sets it is {points:.2f} points better.</source>
        <translation>在验证集上提高了 {points:.2f} 个百分点。</translation>
    </message>
    <message>
        <source>Only encoders of Handful&apos;s own architecture can be trained; {name} is a network of {library}.</source>
        <translation>只有采用 Handful 自有架构的编码器才能训练；{name} 是 {library} 的网络。</translation>
    </message>
    <message>
        <source>Onnxruntime cannot use the GPU ({why}); torch runs the encoder instead.</source>
        <translation>Onnxruntime 无法使用 GPU（{why}）；改由 torch 运行编码器。</translation>
    </message>
    <message>
        <source>Painting machine parts</source>
        <translation>正在绘制机器零件</translation>
    </message>
    <message>
        <source>Painting the sample</source>
        <translation>正在绘制示例</translation>
    </message>
    <message>
        <source>Pooling the training images ({name})</source>
        <translation>正在汇聚训练图像（{name}）</translation>
    </message>
    <message>
        <source>Pooling the validation images ({name})</source>
        <translation>正在汇聚验证图像（{name}）</translation>
    </message>
    <message>
        <source>Preparing the networks</source>
        <translation>正在准备网络</translation>
    </message>
    <message>
        <source>Preparing the training</source>
        <translation>正在准备训练</translation>
    </message>
    <message>
        <source>Preparing {name}</source>
        <translation>正在准备 {name}</translation>
    </message>
    <message>
        <source>PyTorch is not part of this build of Handful; fine-tuning, meta-training and other encoders need it, all else does not.</source>
        <translation>此构建的 Handful 不含 PyTorch；微调、元训练和其他编码器需要它，其余功能不需要。</translation>
    </message>
    <message>
        <source>Reading the images</source>
        <translation>正在读取图像</translation>
    </message>
    <message>
        <source>Reading the images ({name})</source>
        <translation>正在读取图像（{name}）</translation>
    </message>
    <message>
        <source>Reading the models</source>
        <translation>正在读取模型</translation>
    </message>
    <message>
        <source>Reading the validation images ({name})</source>
        <translation>正在读取验证图像（{name}）</translation>
    </message>
    <message>
        <source>Reading the weights, which takes some seconds</source>
        <translation>正在读取权重，需要几秒</translation>
    </message>
    <message>
        <source>Reading {name}</source>
        <translation>正在读取 {name}</translation>
    </message>
    <message>
        <source>Rename class “{name}”</source>
        <translation>重命名类别“{name}”</translation>
    </message>
    <message>
        <source>Something went wrong inside Handful ({kind}: {error}); your labels are safe, and the log has the details.</source>
        <translation>Handful 内部出现问题（{kind}：{error}）；您的标注是安全的，详情见日志。</translation>
    </message>
    <message>
        <source>Split class “{name}”</source>
        <translation>拆分类别“{name}”</translation>
    </message>
    <message>
        <source>Stopped before there was a checkpoint in {folder}.</source>
        <translation>已停止，{folder} 中尚无检查点。</translation>
    </message>
    <message>
        <source>Stopped with a checkpoint in {folder}.</source>
        <translation>已停止，检查点保存在 {folder} 中。</translation>
    </message>
    <message>
        <source>Taking up the training where it stopped</source>
        <translation>正在从停止处继续训练</translation>
    </message>
    <message>
        <source>That fine-tuned network is gone; fine-tune again.</source>
        <translation>该微调后的网络已不存在；请再次微调。</translation>
    </message>
    <message>
        <source>The GPU&apos;s memory ran out {when}; smaller tasks need less of it, --device cpu none.</source>
        <translation>GPU 内存{when}耗尽；较小的任务需要的内存更少，--device cpu 则完全不需要。</translation>
    </message>
    <message>
        <source>The activations in the encoder&apos;s graph {graph_path} do not give its embedding, so it cannot be explained.</source>
        <translation>编码器计算图 {graph_path} 中的激活值得不出它的嵌入，因此无法解释。</translation>
    </message>
    <message>
        <source>The class has no labelled image that can be read, so no image has a score for it.</source>
        <translation>该类别没有能读取的已标注图像，因此没有图像能得到它的分数。</translation>
    </message>
    <message>
        <source>The class {name!r} of the data set {set!r} has 1 readable image; to validate on it needs 2, one to label and one to classify.</source>
        <translation>数据集 {set!r} 的类别 {name!r} 只有 1 张可读取的图像；用于验证需要 2 张，一张用于标注，一张用于分类。</translation>
    </message>
    <message>
        <source>The class {name!r} of the data set {set!r} has no readable image; to validate on it needs 2, one to label and one to classify.</source>
        <translation>数据集 {set!r} 的类别 {name!r} 没有可读取的图像；用于验证需要 2 张，一张用于标注，一张用于分类。</translation>
    </message>
    <message>
        <source>The data set {name!r} has {count} classes of at least {images} images; episodes of {way} classes with {shot} shots and a query need {way}.</source>
        <translation>数据集 {name!r} 中至少有 {images} 张图像的类别有 {count} 个；{way} 个类别、每类 {shot} 个样本另加一个查询的训练任务需要 {way} 个。</translation>
    </message>
    <message>
        <source>The data set {name!r} is given both to train and to validate on.</source>
        <translation>数据集 {name!r} 既被指定用于训练，又被指定用于验证。</translation>
    </message>
    <message>
        <source>The data set {name!r}, also {other!r}, is given both to train and to validate on.</source>
        <translation>数据集 {name!r}（也叫 {other!r}）既被指定用于训练，又被指定用于验证。</translation>
    </message>
    <message>
        <source>The device cuda cannot be used: {reason}.</source>
        <translation>无法使用 cuda 设备：{reason}。</translation>
    </message>
    <message>
        <source>The download has {size:.0f} MB and there is room for {room:.0f} MB in {folder}.</source>
        <translation>下载需要 {size:.0f} MB，而 {folder} 中只有 {room:.0f} MB 可用空间。</translation>
    </message>
    <message>
        <source>The encoder is {encoder}, the record {record}.</source>
        <translation>编码器为 {encoder}，记录为 {record}。</translation>
    </message>
    <message>
        <source>The encoder that came with Handful cannot be removed.</source>
        <translation>Handful 自带的编码器不能移除。</translation>
    </message>
    <message>
        <source>The encoder {name!r} does not give the numbers that it gave when it was made with {library} {version} (relative difference {difference:.2g}), so it cannot be used here; add it anew.</source>
        <translation>编码器 {name!r} 给出的数值与用 {library} {version} 制作时不同（相对差异 {difference:.2g}），因此无法在此使用；请重新添加。</translation>
    </message>
    <message>
        <source>The encoder {name!r} does not give usable embeddings.</source>
        <translation>编码器 {name!r} 给不出可用的嵌入。</translation>
    </message>
    <message>
        <source>The encoder {name} does not average over the places of an image, so it cannot be told which parts speak for a class.</source>
        <translation>编码器 {name} 不对图像各位置取平均，因此无法指出哪些部分支持某个类别。</translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} cannot be loaded: {why}.</source>
        <translation>无法加载编码器的计算图 {graph_path}：{why}。</translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} cannot be opened: {reason}.</source>
        <translation>无法打开编码器的计算图 {graph_path}：{reason}。</translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} does not resize its images.</source>
        <translation>编码器的计算图 {graph_path} 不会缩放图像。</translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} pools {n_pooled} activations where its encoder has {n_expected}, so it cannot be explained.</source>
        <translation>编码器计算图 {graph_path} 汇聚了 {n_pooled} 个激活，而其编码器有 {n_expected} 个，因此无法解释。</translation>
    </message>
    <message>
        <source>The engine could not start ({error}); see the log.</source>
        <translation>引擎无法启动（{error}）；请查看日志。</translation>
    </message>
    <message>
        <source>The exported model does not agree with the program (largest difference {difference:.2g}, allowed {limit:.0e}; same class on {n_agree} of {n_clear} images); it was not saved.</source>
        <translation>导出的模型与程序不一致（最大差异 {difference:.2g}，允许 {limit:.0e}；{n_clear} 张图像中有 {n_agree} 张类别相同）；未保存。</translation>
    </message>
    <message>
        <source>The exported model does not agree with the program on what is none of the classes (largest difference {difference:.2g}, allowed {limit:.0e}); it was not saved.</source>
        <translation>在“都不是”的判断上，导出的模型与程序不一致（最大差异 {difference:.2g}，允许 {limit:.0e}）；未保存。</translation>
    </message>
    <message>
        <source>The folder {shown} has a name that is not UTF-8; please rename it.</source>
        <translation>文件夹 {shown} 的名称不是 UTF-8，请将其重命名。</translation>
    </message>
    <message>
        <source>The gradient became infinite in step {step}</source>
        <translation>梯度在第 {step} 步变为无穷大</translation>
    </message>
    <message>
        <source>The images in {folder} have the names, but not the content, of those that {path} was made for (another memory card?); open the folder itself instead.</source>
        <translation>{folder} 中的图像与 {path} 所对应的图像名称相同、内容不同（是另一张存储卡吗？）；请改为打开该文件夹本身。</translation>
    </message>
    <message>
        <source>The images take {needed} and {target} has {free} left.</source>
        <translation>图像需要 {needed}，而 {target} 只剩 {free}。</translation>
    </message>
    <message>
        <source>the label is empty, too long or no text, so no class can be called so</source>
        <translation>标签为空、过长或不是文本，因此不能作为类别的名称</translation>
    </message>
    <message>
        <source>{count} images are not in the folder and were left out: {names}.</source>
        <translation>有 {count} 张图像不在文件夹中，已略过：{names}。</translation>
    </message>
    <message>
        <source>{count} images lie outside of the folder and were left out: {names}.</source>
        <translation>有 {count} 张图像在文件夹之外，已略过：{names}。</translation>
    </message>
    <message>
        <source>{name} was left out: it gives another class to {count} of {total} clear images, since this model also looks at details, which small images do not have.</source>
        <translation>{name} 未包含：它对 {total} 幅明确图像中的 {count} 幅给出了其他类别，因为该模型还要看细节，而小图像没有这些细节。</translation>
    </message>
    <message>
        <source>{path} cannot be unpacked: it is damaged or encrypted.</source>
        <translation>{path} 无法解压：它已损坏或已加密。</translation>
    </message>
    <message>
        <source>{path} is damaged.</source>
        <translation>{path} 已损坏。</translation>
    </message>
    <message>
        <source>{path} is no bundle: there is no {name} in it.</source>
        <translation>{path} 不是包：其中没有 {name}。</translation>
    </message>
    <message>
        <source>{path} names no classes; a list has a name a line, or a column called class, label or name.</source>
        <translation>{path} 中没有类别；列表应每行一个名称，或者有名为 class、label 或 name 的列。</translation>
    </message>
    <message>
        <source>{path} names {count:,} classes; a list may have {most:,}.</source>
        <translation>{path} 中有 {count:,} 个类别；一个列表最多 {most:,} 个。</translation>
    </message>
    <message>
        <source>The loss became {loss} in step {step}</source>
        <translation>损失在第 {step} 步变为 {loss}</translation>
    </message>
    <message>
        <source>--cluster needs Ray, which is not installed: pip install &quot;handful[cluster]&quot;</source>
        <translation>--cluster 需要 Ray，但尚未安装：pip install &quot;handful[cluster]&quot;</translation>
    </message>
    <message>
        <source>1 detection is no box within its image and was passed over.</source>
        <translation>1 个检测目标不是图像内的框，已跳过。</translation>
    </message>
    <message>
        <source>1 image does not tell when it was taken; its time is left empty.</source>
        <translation>1 张图像没有拍摄时间；其时间留空。</translation>
    </message>
    <message>
        <source>1 more image was left out.</source>
        <translation>还有 1 张图像未包含在内。</translation>
    </message>
    <message>
        <source>A Parquet file cannot grow; name a .csv or .jsonl file: {path}.</source>
        <translation>Parquet 文件不能追加；请指定 .csv 或 .jsonl 文件：{path}。</translation>
    </message>
    <message>
        <source>A class cannot be called “{name}”: a letter of it is no text.</source>
        <translation>类别不能命名为“{name}”：其中有一个字符不是文本。</translation>
    </message>
    <message>
        <source>An earlier sorting into {target} was interrupted; go on with it or undo it first.</source>
        <translation>先前分类到 {target} 时中断了；请先继续或撤销。</translation>
    </message>
    <message>
        <source>Another Handful is sorting into {target} at this moment.</source>
        <translation>另一个 Handful 正在向 {target} 分类。</translation>
    </message>
    <message>
        <source>Before it is published it needs what Handful cannot know: where the cameras stood (deployments.csv), the contributors and the project&apos;s design (datapackage.json).</source>
        <translation>发布之前还需补充 Handful 无法得知的内容：相机的位置（deployments.csv）、参与者以及项目的设计（datapackage.json）。</translation>
    </message>
    <message>
        <source>Choosing keywords</source>
        <translation>正在选择关键词</translation>
    </message>
    <message>
        <source>Could not remove {path}.</source>
        <translation>无法删除 {path}。</translation>
    </message>
    <message>
        <source>Could not write {path}: a table&apos;s name ends in .csv, .jsonl or .parquet.</source>
        <translation>无法写入 {path}：表格的名称须以 .csv、.jsonl 或 .parquet 结尾。</translation>
    </message>
    <message>
        <source>Could not write {path}: another file of that name is there, which is no bundle and is left as it is. Choose another name.</source>
        <translation>无法写入 {path}：那里已有同名的其他文件，它不是包，未作改动。请选择另一个名称。</translation>
    </message>
    <message>
        <source>Could not write {path}: it is one of the images.</source>
        <translation>无法写入 {path}：它是图像之一。</translation>
    </message>
    <message>
        <source>Could not write {path}: something else is there, which is left as it is. Choose another name, or an empty folder.</source>
        <translation>无法写入 {path}：那里已有其他内容，未作改动。请选择另一个名称或空文件夹。</translation>
    </message>
    <message>
        <source>Could not write {path}: that is the name of a project.</source>
        <translation>无法写入 {path}：这是项目的名称。</translation>
    </message>
    <message>
        <source>Could not write {path}: that is the name of an image.</source>
        <translation>无法写入 {path}：这是图像的名称。</translation>
    </message>
    <message>
        <source>Could not write {path}: the bundle there also holds “{name}”, which would be lost. Choose another name.</source>
        <translation>无法写入 {path}：那里的包中还有“{name}”，它会丢失。请选择另一个名称。</translation>
    </message>
    <message>
        <source>Could not write {path}: there is something of that name already.</source>
        <translation>无法写入 {path}：已有同名的内容。</translation>
    </message>
    <message>
        <source>Cutting out</source>
        <translation>正在裁剪</translation>
    </message>
    <message>
        <source>Dataset.from_dir, as a FiftyOneImageClassificationDataset</source>
        <translation>Dataset.from_dir，作为 FiftyOneImageClassificationDataset</translation>
    </message>
    <message>
        <source>Excel opens at most {most} rows and this table has {count}; save it as plain CSV or Parquet.</source>
        <translation>Excel 最多只能打开 {most} 行，而此表有 {count} 行；请另存为普通 CSV 或 Parquet。</translation>
    </message>
    <message>
        <source>Excel, pandas, and Handful on the command line</source>
        <translation>Excel、pandas，以及命令行中的 Handful</translation>
    </message>
    <message>
        <source>Finding the images</source>
        <translation>正在查找图像</translation>
    </message>
    <message>
        <source>Fine-tuning was left out: it learns from images, and the examples that came with the model are none.</source>
        <translation>未进行微调：微调从图像中学习，而随模型带来的示例不是图像。</translation>
    </message>
    <message>
        <source>GBIF and the R packages camtrapdp and camtraptor</source>
        <translation>GBIF 以及 R 软件包 camtrapdp 和 camtraptor</translation>
    </message>
    <message>
        <source>Handful reads the format “{key}”, but does not write it.</source>
        <translation>Handful 能读取格式“{key}”，但不能写出。</translation>
    </message>
    <message>
        <source>Handful writes into JPEG and PNG files only</source>
        <translation>Handful 只写入 JPEG 和 PNG 文件</translation>
    </message>
    <message>
        <source>Hard links from {source} to {target} are not possible on these disks; copy the images instead.</source>
        <translation>这些磁盘上无法从 {source} 硬链接到 {target}；请改为复制图像。</translation>
    </message>
    <message>
        <source>Import 1 label</source>
        <translation>导入 1 个标注</translation>
    </message>
    <message>
        <source>Import {count} labels</source>
        <translation>导入 {count} 个标注</translation>
    </message>
    <message>
        <source>Int8: finding what bears rounding</source>
        <translation>int8：正在找出可以取整的部分</translation>
    </message>
    <message>
        <source>Int8: fitting the classes to it</source>
        <translation>int8：正在使类别与之适应</translation>
    </message>
    <message>
        <source>Int8: looking at the values in the network</source>
        <translation>int8：正在查看网络中的数值</translation>
    </message>
    <message>
        <source>Int8: reading images</source>
        <translation>int8：正在读取图像</translation>
    </message>
    <message>
        <source>Keep 1 moved image set aside</source>
        <translation>保留 1 张已移动图像的暂放标记</translation>
    </message>
    <message>
        <source>Keep {count} moved images set aside</source>
        <translation>保留 {count} 张已移动图像的暂放标记</translation>
    </message>
    <message>
        <source>Labels are the choices of “{main}”; those of {others} were passed over.</source>
        <translation>标注取自“{main}”的选项；{others} 的已略过。</translation>
    </message>
    <message>
        <source>Lobe</source>
        <translation>Lobe</translation>
    </message>
    <message>
        <source>Looking at metadata</source>
        <translation>正在查看元数据</translation>
    </message>
    <message>
        <source>Making the half-precision variant</source>
        <translation>正在制作半精度变体</translation>
    </message>
    <message>
        <source>MegaDetector&apos;s tools, LILA, pycocotools</source>
        <translation>MegaDetector 的工具、LILA、pycocotools</translation>
    </message>
    <message>
        <source>No image is labelled yet.</source>
        <translation>还没有标注任何图像。</translation>
    </message>
    <message>
        <source>None of the images is in {folder}, such as {name}; is it another folder?</source>
        <translation>{folder} 中没有任何一张所列的图像，例如 {name}；是否应为另一个文件夹？</translation>
    </message>
    <message>
        <source>Not one image could be read. {reason}</source>
        <translation>没有一张图像能够读取。{reason}</translation>
    </message>
    <message>
        <source>Nothing was sorted into {target}, or it was all taken back already.</source>
        <translation>没有任何图像分类到 {target}，或已全部收回。</translation>
    </message>
    <message>
        <source>Planning</source>
        <translation>正在规划</translation>
    </message>
    <message>
        <source>Put 1 image back</source>
        <translation>放回 1 张图像</translation>
    </message>
    <message>
        <source>Put {count} images back</source>
        <translation>放回 {count} 张图像</translation>
    </message>
    <message>
        <source>PyTorch (torchvision, timm), Keras, fastai: a folder of images per class</source>
        <translation>PyTorch（torchvision、timm）、Keras、fastai：每个类别一个图像文件夹</translation>
    </message>
    <message>
        <source>Restoring files</source>
        <translation>正在恢复文件</translation>
    </message>
    <message>
        <source>Set 1 image aside</source>
        <translation>暂放 1 张图像</translation>
    </message>
    <message>
        <source>Set {count} images aside</source>
        <translation>暂放 {count} 张图像</translation>
    </message>
    <message>
        <source>Sorting</source>
        <translation>正在分类</translation>
    </message>
    <message>
        <source>Start from the model “{name}”</source>
        <translation>从模型“{name}”开始</translation>
    </message>
    <message>
        <source>Taking back</source>
        <translation>正在收回</translation>
    </message>
    <message>
        <source>Tasks to import, and the labelling interface for them</source>
        <translation>可导入的任务，以及相应的标注界面</translation>
    </message>
    <message>
        <source>Teachable Machine</source>
        <translation>Teachable Machine</translation>
    </message>
    <message>
        <source>The bundle&apos;s examples are damaged: they have another length.</source>
        <translation>该包的示例已损坏：长度不符。</translation>
    </message>
    <message>
        <source>The bundle&apos;s examples were seen by another encoder ({theirs}) than the one in use ({name}, {ours}), so labelling cannot go on from them.</source>
        <translation>该包的示例由另一个编码器（{theirs}）看过，与当前使用的（{name}，{ours}）不同，因此无法由此继续标注。</translation>
    </message>
    <message>
        <source>The class “{name}” is the folder “{folder}” there.</source>
        <translation>类别“{name}”在其中是文件夹“{folder}”。</translation>
    </message>
    <message>
        <source>1 image is not in the folder and was left out: {names}.</source>
        <translation>有 1 张图像不在文件夹中，已略过：{names}。</translation>
    </message>
    <message>
        <source> (computer {computer}, process {process}, since {since} UTC)</source>
        <translation>（计算机 {computer}，进程 {process}，自 {since} UTC 起）</translation>
    </message>
    <message>
        <source>1 image lies outside of the folder and was left out: {names}.</source>
        <translation>有 1 张图像在文件夹之外，已略过：{names}。</translation>
    </message>
    <message>
        <source>A part of the file&apos;s log could not be read.</source>
        <translation>文件日志的一部分无法读取。</translation>
    </message>
    <message>
        <source>All that was left out is listed in {path}.</source>
        <translation>所有略过的图像都列在 {path} 中。</translation>
    </message>
    <message>
        <source>Another program has the cache {path} open; close it first.</source>
        <translation>另一个程序正打开着缓存 {path}；请先关闭它。</translation>
    </message>
    <message>
        <source>Another program keeps the cache {path} busy; the work goes on without it.</source>
        <translation>另一个程序一直占用缓存 {path}；工作将在没有缓存的情况下继续。</translation>
    </message>
    <message>
        <source>Brought back by the journal: {count}.</source>
        <translation>由日志恢复：{count}。</translation>
    </message>
    <message>
        <source>CUDA: {reason}</source>
        <translation>CUDA：{reason}</translation>
    </message>
    <message>
        <source>Classifying</source>
        <translation>正在分类</translation>
    </message>
    <message>
        <source>Could not open {address}: {reason}.</source>
        <translation>无法打开 {address}：{reason}。</translation>
    </message>
    <message>
        <source>Could not read {path}: {reason}.</source>
        <translation>无法读取 {path}：{reason}。</translation>
    </message>
    <message>
        <source>Could not write {path}: there is something else in it, which is left as it is. Choose another folder.</source>
        <translation>无法写入 {path}：其中有其他内容，已保持原样。请选择另一个文件夹。</translation>
    </message>
    <message>
        <source>Entries of the journal that could not be read: {count}; labels of that time may be missing, or older ones; please look them through.</source>
        <translation>无法读取的日志条目：{count}；那段时间的标注可能缺失，或是较早的标注；请检查。</translation>
    </message>
    <message>
        <source>Images of {path} that would lie outside of its folder ({count}) are not looked for, since this computer has never seen the project before.</source>
        <translation>{path} 中位于其文件夹之外的图像（{count}）不会被查找，因为这台计算机从未见过该项目。</translation>
    </message>
    <message>
        <source>Its journal was read to the end; whether more was labelled that was not written to the file yet cannot be told.</source>
        <translation>日志已读到末尾；是否还有尚未写入文件的标注，无法得知。</translation>
    </message>
    <message>
        <source>Joining the Ray cluster at {address}, which takes some seconds.</source>
        <translation>正在加入位于 {address} 的 Ray 集群，需要几秒钟。</translation>
    </message>
    <message>
        <source>Joining the Ray cluster of this computer, which takes some seconds.</source>
        <translation>正在加入这台计算机的 Ray 集群，需要几秒钟。</translation>
    </message>
    <message>
        <source>Labels that are lost, since their image or class is not known any more: {count}.</source>
        <translation>因图像或类别已无从得知而丢失的标注：{count}。</translation>
    </message>
    <message>
        <source>Listing images</source>
        <translation>正在列出图像</translation>
    </message>
    <message>
        <source>Looking for what is done</source>
        <translation>正在查找已完成的部分</translation>
    </message>
    <message>
        <source>Making the cache smaller (MB)</source>
        <translation>正在缩小缓存（MB）</translation>
    </message>
    <message>
        <source>Nothing of a project could be read in {path}, and there is no backup of it; the file was left as it is.</source>
        <translation>在 {path} 中读不出项目的任何内容，也没有它的备份；文件保持原样。</translation>
    </message>
    <message>
        <source>Nothing that was labelled is missing.</source>
        <translation>标注无一丢失。</translation>
    </message>
    <message>
        <source>Of these from the backup {name}: {count}.</source>
        <translation>其中来自备份 {name}：{count}。</translation>
    </message>
    <message>
        <source>OpenVINO does not run here ({why})</source>
        <translation>OpenVINO 在此无法运行（{why}）</translation>
    </message>
    <message>
        <source>OpenVINO gives other numbers here (probabilities move by up to {difference:.1g})</source>
        <translation>OpenVINO 在此给出的数值不同（概率最多相差 {difference:.1g}）</translation>
    </message>
    <message>
        <source>OpenVINO is not faster here ({gain:.2f} times)</source>
        <translation>OpenVINO 在此并不更快（{gain:.2f} 倍）</translation>
    </message>
    <message>
        <source>OpenVINO is not installed (pip install handful[openvino])</source>
        <translation>未安装 OpenVINO（pip install handful[openvino]）</translation>
    </message>
    <message>
        <source>Read from what is left of the file: {count}.</source>
        <translation>从文件的剩余部分读出：{count}。</translation>
    </message>
    <message>
        <source>Repairing {name}</source>
        <translation>正在修复 {name}</translation>
    </message>
    <message>
        <source>Starting Ray on this computer, which takes some seconds.</source>
        <translation>正在这台计算机上启动 Ray，需要几秒钟。</translation>
    </message>
    <message>
        <source>Starting the workers (a few seconds)</source>
        <translation>正在启动工作进程（几秒钟）</translation>
    </message>
    <message>
        <source>The GPU failed ({why}); working on the CPU from here on.</source>
        <translation>GPU 出错（{why}）；此后在 CPU 上工作。</translation>
    </message>
    <message>
        <source>The GPU has too little free memory; working on the CPU from here on.</source>
        <translation>GPU 的可用显存太少；此后在 CPU 上工作。</translation>
    </message>
    <message>
        <source>The Ray cluster at {address} has no free cores.</source>
        <translation>{address} 处的 Ray 集群没有可用的处理器核心。</translation>
    </message>
    <message>
        <source>The cache {path} has reached its limit of {limit}; what was used longest ago goes first.</source>
        <translation>缓存 {path} 已达到上限 {limit}；最久未使用的内容会先被删除。</translation>
    </message>
    <message>
        <source>The cache {path} is at its limit of {limit} with what is in use now; what is read from here on is not kept.</source>
        <translation>缓存 {path} 中正在使用的内容已达到上限 {limit}；此后读取的内容不再保留。</translation>
    </message>
    <message>
        <source>The cache {path} was damaged and was begun anew; images are read again.</source>
        <translation>缓存 {path} 已损坏，已重新建立；图像将重新读取。</translation>
    </message>
    <message>
        <source>The damaged file is kept as {name}.</source>
        <translation>损坏的文件保留为 {name}。</translation>
    </message>
    <message>
        <source>The damaged file says two things of some images or classes ({count}); please look the labels through.</source>
        <translation>损坏的文件对一些图像或类别的说法前后不一（{count}）；请检查这些标注。</translation>
    </message>
    <message>
        <source>The detector could not read 1 image: {names}.</source>
        <translation>检测器无法读取 1 张图像：{names}。</translation>
    </message>
    <message>
        <source>The detector could not read {count} images: {names}.</source>
        <translation>检测器无法读取 {count} 张图像：{names}。</translation>
    </message>
    <message>
        <source>The device openvino cannot be used: {reason}.</source>
        <translation>无法使用设备 openvino：{reason}。</translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} cannot be taken apart: {why}.</source>
        <translation>无法拆分编码器的计算图 {graph_path}：{why}。</translation>
    </message>
    <message>
        <source>The examples from the model were seen by another encoder; choose that one in the settings, or label images of two classes.</source>
        <translation>来自模型的示例由另一个编码器看过；请在设置中选择那个编码器，或标注两个类别的图像。</translation>
    </message>
    <message>
        <source>The folder {folder} is not there any more, so nothing was written; images that were read need not be read again when it is back.</source>
        <translation>文件夹 {folder} 已不在，因此未写出任何内容；恢复后，已读过的图像无需再读。</translation>
    </message>
    <message>
        <source>The folder {folder} is not there any more.</source>
        <translation>文件夹 {folder} 已不在。</translation>
    </message>
    <message>
        <source>The half-precision variant is not offered: a probability differs by {difference:.3f}, {limit:.3f} is allowed.</source>
        <translation>未提供半精度变体：概率相差 {difference:.3f}，允许 {limit:.3f}。</translation>
    </message>
    <message>
        <source>The int8 variant is not offered: it gives the same class to {n_agree} of {n_files} images ({share:.1f} %), {limit:.0f} % are asked for.</source>
        <translation>未提供 int8 变体：{n_files} 幅图像中有 {n_agree} 幅得到相同的类别（{share:.1f}%），要求为 {limit:.0f}%。</translation>
    </message>
    <message>
        <source>The int8 variant is not offered: there are too few images to make and check it.</source>
        <translation>未提供 int8 变体：图像太少，无法制作和检查。</translation>
    </message>
    <message>
        <source>The int8 variant is not offered: this encoder&apos;s network has nothing to round.</source>
        <translation>未提供 int8 变体：该编码器的网络中没有可以取整的部分。</translation>
    </message>
    <message>
        <source>The mixture leaves none of the data sets given ({names}).</source>
        <translation>按混合比例，所指定的数据集（{names}）一个也不剩。</translation>
    </message>
    <message>
        <source>The model could not be checked, since no image can be read any more.</source>
        <translation>无法检查模型，因为没有图像能再读取。</translation>
    </message>
    <message>
        <source>The model is {model}, the scores {scores}.</source>
        <translation>模型为 {model}，得分为 {scores}。</translation>
    </message>
    <message>
        <source>The model is {model}, the scores {scores}. Validation: {percent:.2f} %.</source>
        <translation>模型为 {model}，得分为 {scores}。验证：{percent:.2f}%。</translation>
    </message>
    <message>
        <source>The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}), as do {nearest}.</source>
        <translation>其他标注支持“{likely}”（{chance}，“{own}”为 {own_chance}），{nearest}也是如此。</translation>
    </message>
    <message>
        <source>The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}).</source>
        <translation>其他标注支持“{likely}”（{chance}，“{own}”为 {own_chance}）。</translation>
    </message>
    <message>
        <source>The recipe names the data set {name!r}, which is not among those given ({names}).</source>
        <translation>训练方案中提到数据集 {name!r}，但它不在所指定的数据集（{names}）之中。</translation>
    </message>
    <message>
        <source>The recipe&apos;s first view is {view} px, but the encoder to start from takes {size} px.</source>
        <translation>训练方案的第一个视角为 {view} 像素，但起始编码器接收 {size} 像素。</translation>
    </message>
    <message>
        <source>The recipe&apos;s tasks_per_step, {tasks}, cannot be shared evenly among {count} processes.</source>
        <translation>训练方案的 tasks_per_step 为 {tasks}，无法平均分配给 {count} 个进程。</translation>
    </message>
    <message>
        <source>The selected images have not been looked at yet; try again in a moment.</source>
        <translation>所选图像尚未处理；请稍后再试。</translation>
    </message>
    <message>
        <source>The sorting into {target} was done on another computer, or by another person, and names files in {folder}; if that is right, open the folder of the images as a project and take it back there, or give it with --images.</source>
        <translation>分类到 {target} 是在另一台电脑上或由他人完成的，其中提到 {folder} 中的文件；如果无误，请将图像所在文件夹作为项目打开，并在那里收回，或用 --images 指定该文件夹。</translation>
    </message>
    <message>
        <source>The weights became infinite by step {step}</source>
        <translation>权重到第 {step} 步时变为无穷大</translation>
    </message>
    <message>
        <source>The weights could not be downloaded from {host} ({reason}); get {url} some other way and give that file as the weights.</source>
        <translation>无法从 {host} 下载权重（{reason}）；请用其他方式取得 {url}，并将该文件指定为权重。</translation>
    </message>
    <message>
        <source>The weights of {name!r} do not fit the {model} of the {library} that is installed; they were made with version {version}.</source>
        <translation>{name!r} 的权重与已安装的 {library} 中的 {model} 不匹配；它们是用版本 {version} 制作的。</translation>
    </message>
    <message>
        <source>The weights of {name!r} do not fit their network.</source>
        <translation>{name!r} 的权重与其网络不匹配。</translation>
    </message>
    <message>
        <source>The weights of {name!r} do not fit their network: {n_missing} are missing and {n_unknown} are unknown, {named!r} among them.</source>
        <translation>{name!r} 的权重与其网络不匹配：缺少 {n_missing} 个，有 {n_unknown} 个未知，其中包括 {named!r}。</translation>
    </message>
    <message>
        <source>There are no images in {path}.</source>
        <translation>{path} 中没有图像。</translation>
    </message>
    <message>
        <source>There is already a class “{name}”.</source>
        <translation>已经有类别“{name}”。</translation>
    </message>
    <message>
        <source>There is no Ray cluster at {address}: {why}.</source>
        <translation>{address} 处没有 Ray 集群：{why}。</translation>
    </message>
    <message>
        <source>There is no bundle {path}.</source>
        <translation>没有包 {path}。</translation>
    </message>
    <message>
        <source>There is no encoder file {path}.</source>
        <translation>没有编码器文件 {path}。</translation>
    </message>
    <message>
        <source>There is no file or folder {path}.</source>
        <translation>没有文件或文件夹 {path}。</translation>
    </message>
    <message>
        <source>There is no file {model}.</source>
        <translation>没有文件 {model}。</translation>
    </message>
    <message>
        <source>There is no file {path}.</source>
        <translation>没有文件 {path}。</translation>
    </message>
    <message>
        <source>There is no folder or file {path}.</source>
        <translation>没有文件夹或文件 {path}。</translation>
    </message>
    <message>
        <source>There is no folder {folder}.</source>
        <translation>没有文件夹 {folder}。</translation>
    </message>
    <message>
        <source>There is no folder {parent} to sort into.</source>
        <translation>没有可放入的文件夹 {parent}。</translation>
    </message>
    <message>
        <source>There is no format “{key}”; it is one of {known}.</source>
        <translation>没有格式“{key}”；可用的有 {known}。</translation>
    </message>
    <message>
        <source>There is no image to sort.</source>
        <translation>没有要分类的图像。</translation>
    </message>
    <message>
        <source>There is no project file {path}.</source>
        <translation>没有项目文件 {path}。</translation>
    </message>
    <message>
        <source>There is no writing of metadata to undo in {folder}.</source>
        <translation>{folder} 中没有可撤销的元数据写入。</translation>
    </message>
    <message>
        <source>There is nothing to explain yet: label images of at least two classes first.</source>
        <translation>还没有可解释的内容：请先标注至少两个类别的图像。</translation>
    </message>
    <message>
        <source>This version cannot build a network of kind {architecture!r}.</source>
        <translation>此版本无法构建 {architecture!r} 类型的网络。</translation>
    </message>
    <message>
        <source>This version of Handful knows no library called {library!r}.</source>
        <translation>此版本的 Handful 不认识名为 {library!r} 的库。</translation>
    </message>
    <message>
        <source>Timing how fast this computer is</source>
        <translation>正在测试这台电脑的速度</translation>
    </message>
    <message>
        <source>Timing the model file</source>
        <translation>正在测量模型文件的速度</translation>
    </message>
    <message>
        <source>Too few labels to tell; label at least {least} of each class.</source>
        <translation>标注太少，无法判断；请为每个类别至少标注 {least} 张。</translation>
    </message>
    <message>
        <source>Trying harder did not help with these labels; the instant answers stay.</source>
        <translation>更深入的尝试对这些标注没有帮助；保留即时结果。</translation>
    </message>
    <message>
        <source>Two data sets are named {name!r}, one to train and one to validate on; give one of them another name.</source>
        <translation>有两个数据集都名为 {name!r}，一个用于训练，一个用于验证；请为其中一个改名。</translation>
    </message>
    <message>
        <source>Two of the data sets are named {name!r}.</source>
        <translation>有两个数据集都名为 {name!r}。</translation>
    </message>
    <message>
        <source>Unlabel 1 image</source>
        <translation>取消 1 张图像的标注</translation>
    </message>
    <message>
        <source>Unlabel {count} images</source>
        <translation>取消 {count} 张图像的标注</translation>
    </message>
    <message>
        <source>Validating</source>
        <translation>正在验证</translation>
    </message>
    <message>
        <source>What came from {host} is not the file that was to come (its hash begins with {found}, not with {expected}), so it was thrown away; try again.</source>
        <translation>从 {host} 收到的不是预期的文件（其哈希以 {found} 开头，而不是 {expected}），因此已丢弃；请重试。</translation>
    </message>
    <message>
        <source>What was labelled in {copy} while {path} was read-only could not be brought back now; it is only there.</source>
        <translation>在 {path} 只读期间于 {copy} 中所做的标注目前无法写回；它们只保存在那里。</translation>
    </message>
    <message>
        <source>What was labelled in {copy} while {path} was read-only is back in it; what it held before is kept as {name}.</source>
        <translation>在 {path} 只读期间于 {copy} 中所做的标注已写回；它此前的内容保存为 {name}。</translation>
    </message>
    <message>
        <source>Whether the journal was longer cannot be told, so the newest labels may be missing; please look them through.</source>
        <translation>无法得知日志是否更长，因此最新的标注可能缺失；请检查。</translation>
    </message>
    <message>
        <source>Without an encoder there is nothing that looks at the picture.</source>
        <translation>没有编码器，就没有什么来读取图片。</translation>
    </message>
    <message>
        <source>Without validation sets only the smallest step away from the start was taken.</source>
        <translation>没有验证集，因此只从起点改变了最小的一步。</translation>
    </message>
    <message>
        <source>Writing detections</source>
        <translation>正在写入检测结果</translation>
    </message>
    <message>
        <source>Writing labels</source>
        <translation>正在写出标注</translation>
    </message>
    <message>
        <source>Writing metadata</source>
        <translation>正在写入元数据</translation>
    </message>
    <message>
        <source>Writing predictions</source>
        <translation>正在写入预测</translation>
    </message>
    <message>
        <source>Writing the bundle</source>
        <translation>正在写入包</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>正在写入报告</translation>
    </message>
    <message>
        <source>a label of something that is not in it</source>
        <translation>所指内容不存在的标注</translation>
    </message>
    <message>
        <source>a step of it needs {size:.0f} MB</source>
        <translation>它的一个步骤需要 {size:.0f} MB</translation>
    </message>
    <message>
        <source>a table without a name</source>
        <translation>没有名称的表</translation>
    </message>
    <message>
        <source>a value that is too large</source>
        <translation>过大的值</translation>
    </message>
    <message>
        <source>about {count}</source>
        <translation>约 {count}</translation>
    </message>
    <message>
        <source>all is left out</source>
        <translation>全部未包含</translation>
    </message>
    <message>
        <source>all three labelled images nearest to it</source>
        <translation>与它最相近的全部三张已标注图像</translation>
    </message>
    <message>
        <source>an image with the number {number}</source>
        <translation>编号为 {number} 的图像</translation>
    </message>
    <message>
        <source>another name in the file means the same image</source>
        <translation>文件中的另一个名称指同一张图像</translation>
    </message>
    <message>
        <source>between {first} and {second}</source>
        <translation>介于“{first}”和“{second}”之间</translation>
    </message>
    <message>
        <source>both labelled images nearest to it</source>
        <translation>与它最相近的两张已标注图像</translation>
    </message>
    <message>
        <source>copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>copy the read-only project to</source>
        <translation>将只读项目复制到</translation>
    </message>
    <message>
        <source>cosine prototypes</source>
        <translation>余弦原型</translation>
    </message>
    <message>
        <source>create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>datasets: load_dataset(&quot;imagefolder&quot;, data_dir=…)</source>
        <translation>datasets：load_dataset(&quot;imagefolder&quot;, data_dir=…)</translation>
    </message>
    <message>
        <source>decoding it ended in a crash</source>
        <translation>解码时程序崩溃</translation>
    </message>
    <message>
        <source>delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>fine-tuned encoder</source>
        <translation>微调的编码器</translation>
    </message>
    <message>
        <source>further pictures follow its image, and whoever points to them would miss them</source>
        <translation>图像之后还有其他图片，写入会使指向它们的位置失效</translation>
    </message>
    <message>
        <source>go on with</source>
        <translation>继续写入</translation>
    </message>
    <message>
        <source>in step {step}, and {kept}</source>
        <translation>在第 {step} 步（{kept}）</translation>
    </message>
    <message>
        <source>in validation</source>
        <translation>在验证时</translation>
    </message>
    <message>
        <source>it and the original are two files by now, so it may be the only one</source>
        <translation>它与原文件现在是两个文件，因此它可能是唯一的一份</translation>
    </message>
    <message>
        <source>it begins as a JPEG, but is damaged</source>
        <translation>文件以 JPEG 开头，但已损坏</translation>
    </message>
    <message>
        <source>it begins as a PNG, but is damaged</source>
        <translation>文件以 PNG 开头，但已损坏</translation>
    </message>
    <message>
        <source>it brings operators of its own</source>
        <translation>它自带算子</translation>
    </message>
    <message>
        <source>it broke</source>
        <translation>连接中断</translation>
    </message>
    <message>
        <source>it cannot be decoded ({what})</source>
        <translation>无法解码（{what}）</translation>
    </message>
    <message>
        <source>it does not begin as one</source>
        <translation>文件开头不符</translation>
    </message>
    <message>
        <source>it gives other numbers, by {difference:.2g}</source>
        <translation>它给出的数值不同，相差 {difference:.2g}</translation>
    </message>
    <message>
        <source>it has a document type declaration, which XMP never has</source>
        <translation>含有文档类型声明，XMP 中绝不会有</translation>
    </message>
    <message>
        <source>it has several XMP packets</source>
        <translation>含有多个 XMP 数据包</translation>
    </message>
    <message>
        <source>it has {count:,} operators</source>
        <translation>它有 {count:,} 个算子</translation>
    </message>
    <message>
        <source>it has {size:.0f} MB, too much for XMP</source>
        <translation>大小为 {size:.0f} MB，超出 XMP 的限度</translation>
    </message>
    <message>
        <source>it has {size:.1f} GB</source>
        <translation>它有 {size:.1f} GB</translation>
    </message>
    <message>
        <source>it has {width} x {height} pixels</source>
        <translation>图像为 {width} x {height} 像素</translation>
    </message>
    <message>
        <source>it has {width} x {height} pixels, and a side of more than {limit}</source>
        <translation>它有 {width} x {height} 像素，其中一边超过 {limit}</translation>
    </message>
    <message>
        <source>it has {width} x {height} pixels, more than the limit of {limit} megapixels</source>
        <translation>图像为 {width} x {height} 像素，超过 {limit} 百万像素的上限</translation>
    </message>
    <message>
        <source>it holds no XMP</source>
        <translation>其中没有 XMP</translation>
    </message>
    <message>
        <source>it holds text, not an image</source>
        <translation>其中是文本，不是图像</translation>
    </message>
    <message>
        <source>it is a HEIC image, which this version does not read</source>
        <translation>它是 HEIC 图像，此版本无法读取</translation>
    </message>
    <message>
        <source>it is a damaged JPEG file</source>
        <translation>JPEG 文件已损坏</translation>
    </message>
    <message>
        <source>it is a damaged PNG file</source>
        <translation>PNG 文件已损坏</translation>
    </message>
    <message>
        <source>it is a folder</source>
        <translation>它是一个文件夹</translation>
    </message>
    <message>
        <source>it is a link to another file</source>
        <translation>它是指向另一个文件的链接</translation>
    </message>
    <message>
        <source>it is a link to another file, which is not moved</source>
        <translation>它是指向另一文件的链接，不会移动</translation>
    </message>
    <message>
        <source>it is built up in more than {count} passes, as no camera does</source>
        <translation>它由超过 {count} 次扫描逐步构成，没有相机会这样做</translation>
    </message>
    <message>
        <source>it is damaged at line {line}</source>
        <translation>第 {line} 行已损坏</translation>
    </message>
    <message>
        <source>it is damaged, and does not tell of 1 file any more</source>
        <translation>它已损坏，不再记录其中 1 个文件</translation>
    </message>
    <message>
        <source>it is damaged, and does not tell of {count} files any more</source>
        <translation>它已损坏，不再记录其中 {count} 个文件</translation>
    </message>
    <message>
        <source>it is empty</source>
        <translation>文件为空</translation>
    </message>
    <message>
        <source>it is listed under two names</source>
        <translation>它以两个名称列出</translation>
    </message>
    <message>
        <source>it is nested too deeply to be XMP</source>
        <translation>嵌套过深，不是 XMP</translation>
    </message>
    <message>
        <source>it is not an image of a kind that is read here</source>
        <translation>它不是可读取的图像类型</translation>
    </message>
    <message>
        <source>it is not in the folder</source>
        <translation>它不在文件夹中</translation>
    </message>
    <message>
        <source>it is not text in the encoding {encoding}</source>
        <translation>不是编码为 {encoding} 的文本</translation>
    </message>
    <message>
        <source>it is not there any more</source>
        <translation>它已不在那里</translation>
    </message>
    <message>
        <source>it is not where it was put, nor where it came from</source>
        <translation>它既不在放入的位置，也不在原处</translation>
    </message>
    <message>
        <source>it is of another version of the format</source>
        <translation>它属于该格式的另一个版本</translation>
    </message>
    <message>
        <source>it is write-protected</source>
        <translation>文件受写保护</translation>
    </message>
    <message>
        <source>it lies outside of the folder</source>
        <translation>它在文件夹之外</translation>
    </message>
    <message>
        <source>it needs operators of another library</source>
        <translation>它需要其他库的算子</translation>
    </message>
    <message>
        <source>it takes something other than an image</source>
        <translation>它的输入不是一张图像</translation>
    </message>
    <message>
        <source>it took longer than {seconds:.0f} s to decode</source>
        <translation>解码耗时超过 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>it uses the operator “{name}”</source>
        <translation>它使用算子“{name}”</translation>
    </message>
    <message>
        <source>it was changed after this was planned</source>
        <translation>它在规划之后被更改</translation>
    </message>
    <message>
        <source>it was changed while it was copied</source>
        <translation>它在复制期间被更改</translation>
    </message>
    <message>
        <source>it was edited since: undo that first (keywords, too), or keep it</source>
        <translation>它在此后被编辑：请先撤销该编辑（包括关键词），或保留它</translation>
    </message>
    <message>
        <source>it was not read</source>
        <translation>没有读取它</translation>
    </message>
    <message>
        <source>its CUDA provider did not load</source>
        <translation>其 CUDA 提供程序未能加载</translation>
    </message>
    <message>
        <source>its copy did not read back as it was written</source>
        <translation>其副本读回的内容与写入的不同</translation>
    </message>
    <message>
        <source>its encoding {encoding} is not known</source>
        <translation>编码 {encoding} 未知</translation>
    </message>
    <message>
        <source>its file has several names (hard links)</source>
        <translation>文件有多个名称（硬链接）</translation>
    </message>
    <message>
        <source>its folder cannot be written, so it can only be copied</source>
        <translation>其文件夹不可写，因此只能复制</translation>
    </message>
    <message>
        <source>its keywords are in an extended XMP packet</source>
        <translation>其关键词位于扩展 XMP 数据包中</translation>
    </message>
    <message>
        <source>its list {name} has an unusual form</source>
        <translation>其列表 {name} 的形式不常见</translation>
    </message>
    <message>
        <source>its metadata is marked as read-only</source>
        <translation>其元数据标记为只读</translation>
    </message>
    <message>
        <source>its metadata would be longer than a JPEG file can hold</source>
        <translation>其元数据将超出 JPEG 文件的容量</translation>
    </message>
    <message>
        <source>its name holds a character that no name can hold</source>
        <translation>名称中含有不允许的字符</translation>
    </message>
    <message>
        <source>its operators do not fit together</source>
        <translation>它的算子互不匹配</translation>
    </message>
    <message>
        <source>its original is gone or was changed, so it is the only one</source>
        <translation>其原文件已不在或被更改，因此它是唯一的一份</translation>
    </message>
    <message>
        <source>its parts cannot be told apart</source>
        <translation>无法区分其各部分</translation>
    </message>
    <message>
        <source>its weights are in another file</source>
        <translation>它的权重在另一个文件中</translation>
    </message>
    <message>
        <source>its weights are not as many as it says</source>
        <translation>它的权重数量与所述不符</translation>
    </message>
    <message>
        <source>its weights have an impossible shape</source>
        <translation>它的权重的形状不可能存在</translation>
    </message>
    <message>
        <source>keep feature maps in</source>
        <translation>将特征图保存到</translation>
    </message>
    <message>
        <source>keep pooled activations in</source>
        <translation>将汇聚的激活值保存到</translation>
    </message>
    <message>
        <source>labelme and X-AnyLabeling: flags in a JSON file beside each image</source>
        <translation>labelme 和 X-AnyLabeling：每张图像旁的 JSON 文件中的标志</translation>
    </message>
    <message>
        <source>line {number}</source>
        <translation>第 {number} 行</translation>
    </message>
    <message>
        <source>link</source>
        <translation>链接</translation>
    </message>
    <message>
        <source>looking at it ended the process that did so</source>
        <translation>查看它时，负责的进程意外结束</translation>
    </message>
    <message>
        <source>looking at it took longer than {seconds:.0f} s</source>
        <translation>查看它用时超过 {seconds:.0f} 秒</translation>
    </message>
    <message>
        <source>make the folder</source>
        <translation>创建文件夹</translation>
    </message>
    <message>
        <source>more than {count} classes</source>
        <translation>超过 {count} 个类别</translation>
    </message>
    <message>
        <source>more than {count} tables</source>
        <translation>超过 {count} 个表</translation>
    </message>
    <message>
        <source>move</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>no NVIDIA GPU was found</source>
        <translation>没有找到 NVIDIA GPU</translation>
    </message>
    <message>
        <source>no checkpoint was written yet</source>
        <translation>尚未写入检查点</translation>
    </message>
    <message>
        <source>no connection: {reason}</source>
        <translation>无法连接：{reason}</translation>
    </message>
    <message>
        <source>no image is called so or has the same content</source>
        <translation>没有同名或内容相同的图像</translation>
    </message>
    <message>
        <source>not those of {name} ({reason})</source>
        <translation>不是 {name} 的权重（{reason}）</translation>
    </message>
    <message>
        <source>nothing came for {seconds:.0f} seconds</source>
        <translation>{seconds:.0f} 秒内没有收到数据</translation>
    </message>
    <message>
        <source>on loading {path}</source>
        <translation>在加载 {path} 时</translation>
    </message>
    <message>
        <source>one of a kind</source>
        <translation>独一无二</translation>
    </message>
    <message>
        <source>onnxruntime cannot use the GPU ({why})</source>
        <translation>onnxruntime 无法使用 GPU（{why}）</translation>
    </message>
    <message>
        <source>open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>permission was denied</source>
        <translation>没有权限</translation>
    </message>
    <message>
        <source>read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>read the checkpoint</source>
        <translation>读取检查点</translation>
    </message>
    <message>
        <source>read the encoder</source>
        <translation>读取编码器</translation>
    </message>
    <message>
        <source>read the recipe</source>
        <translation>读取训练方案</translation>
    </message>
    <message>
        <source>read the weights</source>
        <translation>读取权重</translation>
    </message>
    <message>
        <source>repair</source>
        <translation>修复</translation>
    </message>
    <message>
        <source>ridge regression</source>
        <translation>岭回归</translation>
    </message>
    <message>
        <source>ridge regression in the folder&apos;s metric</source>
        <translation>文件夹度量下的岭回归</translation>
    </message>
    <message>
        <source>save to</source>
        <translation>保存到</translation>
    </message>
    <message>
        <source>several images of the project may be meant</source>
        <translation>可能指项目中的多张图像</translation>
    </message>
    <message>
        <source>shrinkage discriminant</source>
        <translation>收缩判别分析</translation>
    </message>
    <message>
        <source>task {number}</source>
        <translation>任务 {number}</translation>
    </message>
    <message>
        <source>the detector could not read it</source>
        <translation>检测器无法读取它</translation>
    </message>
    <message>
        <source>the disk is full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>the disk is read-only</source>
        <translation>磁盘是只读的</translation>
    </message>
    <message>
        <source>the encoder failed on it ({error})</source>
        <translation>编码器处理它时出错（{error}）</translation>
    </message>
    <message>
        <source>the engine is closing</source>
        <translation>引擎正在关闭</translation>
    </message>
    <message>
        <source>the file gives the image several labels</source>
        <translation>文件给了该图像多个标注</translation>
    </message>
    <message>
        <source>the file has {size:.1f} GB, more than the limit of {limit:.1f} GB</source>
        <translation>文件大小为 {size:.1f} GB，超过 {limit:.1f} GB 的上限</translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation>文件为空</translation>
    </message>
    <message>
        <source>the file is not there any more</source>
        <translation>文件已不存在</translation>
    </message>
    <message>
        <source>the file is truncated</source>
        <translation>文件不完整</translation>
    </message>
    <message>
        <source>the model failed on it ({error})</source>
        <translation>模型处理它时出错({error})</translation>
    </message>
    <message>
        <source>the model gives no probabilities for it</source>
        <translation>模型没有给出它的概率</translation>
    </message>
    <message>
        <source>the name is too long</source>
        <translation>名称太长</translation>
    </message>
    <message>
        <source>the server says {code} {reason}</source>
        <translation>服务器答复 {code} {reason}</translation>
    </message>
    <message>
        <source>the size of what it computes cannot be told</source>
        <translation>无法得知它计算结果的大小</translation>
    </message>
    <message>
        <source>there is a graph within its graph</source>
        <translation>它的计算图中还有计算图</translation>
    </message>
    <message>
        <source>there is another file where it came from</source>
        <translation>其原处已有另一个文件</translation>
    </message>
    <message>
        <source>there is no such file or folder</source>
        <translation>没有这样的文件或文件夹</translation>
    </message>
    <message>
        <source>there is not enough memory to decode it</source>
        <translation>内存不足，无法解码</translation>
    </message>
    <message>
        <source>there is something else of that name</source>
        <translation>已有其他同名的文件或文件夹</translation>
    </message>
    <message>
        <source>there is something else of that name in the folder by now</source>
        <translation>该文件夹中现已有同名的其他文件</translation>
    </message>
    <message>
        <source>there is something else where it was put</source>
        <translation>放置它的位置现在是别的东西</translation>
    </message>
    <message>
        <source>there is text among its numbers</source>
        <translation>它的数值中有文本</translation>
    </message>
    <message>
        <source>timm says nothing of how {model} takes images.</source>
        <translation>timm 没有说明 {model} 如何接收图像。</translation>
    </message>
    <message>
        <source>timm:{model} takes images of {channels} x {height} x {width}; Handful&apos;s encoders take square ones in three colours.</source>
        <translation>timm:{model} 接收 {channels} x {height} x {width} 的图像；Handful 的编码器只接收三色的正方形图像。</translation>
    </message>
    <message>
        <source>torch sees no CUDA device</source>
        <translation>torch 找不到 CUDA 设备</translation>
    </message>
    <message>
        <source>two of the three labelled images nearest to it</source>
        <translation>与它最相近的三张已标注图像中的两张</translation>
    </message>
    <message>
        <source>typical of {count} images without a label</source>
        <translation>{count} 张未标注图像的代表</translation>
    </message>
    <message>
        <source>undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>unlabelled images</source>
        <translation>未标注的图像</translation>
    </message>
    <message>
        <source>unlike everything labelled so far</source>
        <translation>与目前所有已标注的图像都不同</translation>
    </message>
    <message>
        <source>unlike everything labelled so far, as {count} images are</source>
        <translation>与目前所有已标注的图像都不同，有 {count} 张这样的图像</translation>
    </message>
    <message>
        <source>use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>vote</source>
        <translation>投票</translation>
    </message>
    <message>
        <source>what it says of itself has {size:.0f} MB</source>
        <translation>它的自我描述有 {size:.0f} MB</translation>
    </message>
    <message>
        <source>what should be a folder on the way to it is a file</source>
        <translation>路径中应为文件夹之处是一个文件</translation>
    </message>
    <message>
        <source>write</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>write the cache in</source>
        <translation>将缓存写入</translation>
    </message>
    <message>
        <source>write the checkpoint</source>
        <translation>写入检查点</translation>
    </message>
    <message>
        <source>write the download in</source>
        <translation>将下载内容写入</translation>
    </message>
    <message>
        <source>write the encoder</source>
        <translation>写入编码器</translation>
    </message>
    <message>
        <source>write the encoder&apos;s graph</source>
        <translation>写入编码器的计算图</translation>
    </message>
    <message>
        <source>write the record</source>
        <translation>写入记录</translation>
    </message>
    <message>
        <source>write the run</source>
        <translation>将训练结果写入</translation>
    </message>
    <message>
        <source>write the scores</source>
        <translation>将分数写入</translation>
    </message>
    <message>
        <source>your label “{name}” was kept</source>
        <translation>已保留您的标注“{name}”</translation>
    </message>
    <message>
        <source>{address} needs a package that is not there: {why}.</source>
        <translation>{address} 需要一个未安装的软件包：{why}。</translation>
    </message>
    <message>
        <source>{copy} is damaged, so what was labelled in it while {path} was read-only could not be brought back; open it to have it repaired.</source>
        <translation>{copy} 已损坏，因此在 {path} 为只读期间于其中所做的标注无法取回；请打开它以便修复。</translation>
    </message>
    <message>
        <source>{copy}, the copy of the read-only project {path}, was damaged and is repaired; labels in it: {count}. What was brought back from where is told in {name}.</source>
        <translation>只读项目 {path} 的副本 {copy} 曾损坏，现已修复；其中的标注数：{count}。哪些内容从何处恢复，见 {name}。</translation>
    </message>
    <message>
        <source>{count} bytes</source>
        <translation>{count} 字节</translation>
    </message>
    <message>
        <source>{count} detections are no boxes within their images and were passed over.</source>
        <translation>{count} 个检测目标不是图像内的框，已跳过。</translation>
    </message>
    <message>
        <source>{count} entries are of no known image or class and were passed over.</source>
        <translation>{count} 个条目不属于任何已知的图像或类别，已跳过。</translation>
    </message>
    <message>
        <source>{count} files and folders could not be read.</source>
        <translation>{count} 个文件和文件夹无法读取。</translation>
    </message>
    <message>
        <source>{count} files are no JSON or damaged.</source>
        <translation>{count} 个文件不是 JSON 或已损坏。</translation>
    </message>
    <message>
        <source>{count} images do not tell when they were taken; their times are left empty.</source>
        <translation>{count} 张图像没有拍摄时间；其时间留空。</translation>
    </message>
    <message>
        <source>{count} images have no flag; the label that all their shapes have was taken.</source>
        <translation>{count} 张图像没有 flag；采用了其所有形状共有的标注。</translation>
    </message>
    <message>
        <source>{count} labels are no classes of the file and were passed over.</source>
        <translation>{count} 个标注不是该文件的类别，已略过。</translation>
    </message>
    <message>
        <source>{count} lines have no file name or no label.</source>
        <translation>{count} 行没有文件名或没有标注。</translation>
    </message>
    <message>
        <source>{count} more images were left out.</source>
        <translation>还有 {count} 张图像未包含在内。</translation>
    </message>
    <message>
        <source>{count} observations are of images that {name} does not list and were passed over.</source>
        <translation>{count} 条观测所属的图像未列在 {name} 中，已跳过。</translation>
    </message>
    <message>
        <source>{count} observations are of whole events, not of single images, and were passed over.</source>
        <translation>{count} 条观测针对整个事件而非单张图像，已跳过。</translation>
    </message>
    <message>
        <source>{count} samples belong to no class.</source>
        <translation>{count} 个样本不属于任何类别。</translation>
    </message>
    <message>
        <source>{count} tasks have no image and were passed over.</source>
        <translation>{count} 个任务没有图像，已略过。</translation>
    </message>
    <message>
        <source>{cpu}, OpenVINO</source>
        <translation>{cpu}，OpenVINO</translation>
    </message>
    <message>
        <source>{damage}; the newest backup is {backup}.</source>
        <translation>{damage}最新的备份是 {backup}。</translation>
    </message>
    <message>
        <source>{error}.</source>
        <translation>{error}。</translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation>{first}{second}</translation>
    </message>
    <message>
        <source>{folder} cannot be written, so its images cannot be moved; copy them instead.</source>
        <translation>{folder} 不可写，其中的图像无法移动；请改为复制。</translation>
    </message>
    <message>
        <source>{folder} has several projects of other names, and nobody can tell which is the folder&apos;s: {path} was made. Open {name} or another one to go on with it.</source>
        <translation>{folder} 中有多个其他名称的项目，无法判断哪一个属于该文件夹，因此新建了 {path}。如需继续原有工作，请打开 {name} 或其他项目。</translation>
    </message>
    <message>
        <source>{folder} holds no crops of detections: it has no {name}.</source>
        <translation>{folder} 中没有检测目标的裁剪图像：缺少 {name}。</translation>
    </message>
    <message>
        <source>{library} {version} has no network called {model!r}.</source>
        <translation>{library} {version} 没有名为 {model!r} 的网络。</translation>
    </message>
    <message>
        <source>{library} {version} has no network called {model!r}; did you mean {near}?</source>
        <translation>{library} {version} 没有名为 {model!r} 的网络；您是不是指 {near}？</translation>
    </message>
    <message>
        <source>{library} {version}, which is installed, cannot build {model!r}.</source>
        <translation>已安装的 {library} {version} 无法构建 {model!r}。</translation>
    </message>
    <message>
        <source>{model} is not an ONNX model, or it is damaged.</source>
        <translation>{model} 不是 ONNX 模型，或已损坏。</translation>
    </message>
    <message>
        <source>{model} was not exported by Handful.</source>
        <translation>{model} 不是由 Handful 导出的。</translation>
    </message>
    <message>
        <source>{model} was not opened, as Handful exports no such model: {why}.</source>
        <translation>未打开 {model},因为 Handful 不会导出这样的模型：{why}。</translation>
    </message>
    <message>
        <source>{n_threads} threads</source>
        <translation>{n_threads} 个线程</translation>
    </message>
    <message>
        <source>{n_views} views of each image</source>
        <translation>每张图像 {n_views} 个视角</translation>
    </message>
    <message>
        <source>{name!r} is not the name of a network; names look like timm:resnet18 or torchvision:resnet18.</source>
        <translation>{name!r} 不是网络名称；名称的形式如 timm:resnet18 或 torchvision:resnet18。</translation>
    </message>
    <message>
        <source>{name} cannot be decoded.</source>
        <translation>无法解码 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be explained: {error}.</source>
        <translation>无法解释 {name}：{error}。</translation>
    </message>
    <message>
        <source>{name} cannot be read any more: {error}.</source>
        <translation>无法再读取 {name}：{error}。</translation>
    </message>
    <message>
        <source>{name} cannot be shown: {error}.</source>
        <translation>无法显示 {name}：{error}。</translation>
    </message>
    <message>
        <source>{name} cannot look at images of {size} px.</source>
        <translation>{name} 无法处理 {size} 像素的图像。</translation>
    </message>
    <message>
        <source>{name} does not classify whole images but finds objects, segments or watches videos, so no encoder can be made of it.</source>
        <translation>{name} 不对整幅图像分类，而是用于检测目标、分割或处理视频，因此不能用它制作编码器。</translation>
    </message>
    <message>
        <source>{name} gives no features of an image as a whole.</source>
        <translation>{name} 给不出整张图像的特征。</translation>
    </message>
    <message>
        <source>{name} gives no usable features with the weights {path}.</source>
        <translation>{name} 使用权重 {path} 时给不出可用的特征。</translation>
    </message>
    <message>
        <source>{name} gives {count} features of an image, which cannot be used.</source>
        <translation>{name} 为每张图像给出 {count} 个特征，无法使用。</translation>
    </message>
    <message>
        <source>{name} got no keyword: other images of the same name with another ending would share its {sidecar} and have other classes.</source>
        <translation>{name} 未写入关键词：同名但扩展名不同的其他图像会共用 {sidecar}，而它们的类别不同。</translation>
    </message>
    <message>
        <source>{name} got no keyword: {sidecar} is the sidecar of another image.</source>
        <translation>{name} 未写入关键词：{sidecar} 是另一张图像的附属文件。</translation>
    </message>
    <message>
        <source>{name} is not there any more.</source>
        <translation>{name} 已不存在。</translation>
    </message>
    <message>
        <source>{name} is too large: its weights take more than {limit:.1f} GB, which does not go into one graph.</source>
        <translation>{name} 太大：其权重超过 {limit:.1f} GB，一个计算图容纳不下。</translation>
    </message>
    <message>
        <source>{name}: {reason}.</source>
        <translation>{name}：{reason}。</translation>
    </message>
    <message>
        <source>{path} already exists; open it instead, or choose another name.</source>
        <translation>{path} 已存在；请打开它，或选择其他名称。</translation>
    </message>
    <message>
        <source>{path} and {copy}, a copy from when it was read-only, were both worked in: the labels of the copy are only there.</source>
        <translation>{path} 和它只读时的副本 {copy} 都被修改过：副本中的标注只保存在副本里。</translation>
    </message>
    <message>
        <source>{path} belongs to a run with another recipe or other data; choose another folder, or start anew.</source>
        <translation>{path} 属于另一个训练方案或其他数据的训练；请选择其他文件夹，或重新开始。</translation>
    </message>
    <message>
        <source>{path} could not be read as a project of Lobe: {error}.</source>
        <translation>无法将 {path} 作为 Lobe 项目读取：{error}。</translation>
    </message>
    <message>
        <source>{path} gives no image a label.</source>
        <translation>{path} 没有给任何图像标注。</translation>
    </message>
    <message>
        <source>{path} gives no image a “label”.</source>
        <translation>{path} 没有给任何图像“label”。</translation>
    </message>
    <message>
        <source>{path} had lost the last change that was saved to it; it is back, from the copy of the journal that is kept beside the backups.</source>
        <translation>{path} 丢失了最后保存的一项更改；已根据与备份一起保存的日志副本恢复。</translation>
    </message>
    <message>
        <source>{path} had lost the last {count} changes that were saved to it; they are back, from the copy of the journal that is kept beside the backups.</source>
        <translation>{path} 丢失了最后保存的 {count} 项更改；已根据与备份一起保存的日志副本恢复。</translation>
    </message>
    <message>
        <source>{path} has no column “{column}”.</source>
        <translation>{path} 没有“{column}”列。</translation>
    </message>
    <message>
        <source>{path} has no detection of {categories} with a confidence of {least:.2f} or more.</source>
        <translation>{path} 中没有置信度不低于 {least:.2f} 的 {categories} 检测目标。</translation>
    </message>
    <message>
        <source>{path} has no file of labelme&apos;s.</source>
        <translation>{path} 中没有 labelme 的文件。</translation>
    </message>
    <message>
        <source>{path} has no folders with images in them.</source>
        <translation>{path} 中没有包含图像的文件夹。</translation>
    </message>
    <message>
        <source>{path} has no samples in folders of classes, so no labels.</source>
        <translation>{path} 没有按类别文件夹存放的样本，因此没有标注。</translation>
    </message>
    <message>
        <source>{path} has no task of an image with a choice, so no labels.</source>
        <translation>{path} 没有带选项的图像任务，因此没有标注。</translation>
    </message>
    <message>
        <source>{path} has other classes than this model; name another file, or move that one away.</source>
        <translation>{path} 的类别与此模型的不同；请指定另一个文件，或将其移走。</translation>
    </message>
    <message>
        <source>{path} has {size:.0f} MB; files of labels are read up to {most:.0f} MB.</source>
        <translation>{path} 有 {size:.0f} MB；标注文件最多读取 {most:.0f} MB。</translation>
    </message>
    <message>
        <source>{path} holds a run already; choose another folder, or go on with it (--resume).</source>
        <translation>{path} 中已有训练；请选择其他文件夹，或继续该训练（--resume）。</translation>
    </message>
    <message>
        <source>{path} holds an encoder of the kind {architecture!r}, which this version of Handful does not know.</source>
        <translation>{path} 中的编码器类型为 {architecture!r}，此版本的 Handful 不支持。</translation>
    </message>
    <message>
        <source>{path} holds images of 1 class; a data set needs at least 2, each a folder of images.</source>
        <translation>{path} 中只有 1 个类别的图像；数据集至少需要 2 个类别，每个类别为一个图像文件夹。</translation>
    </message>
    <message>
        <source>{path} holds labels of no format that Handful knows.</source>
        <translation>{path} 中的标注不是 Handful 认识的格式。</translation>
    </message>
    <message>
        <source>{path} holds more than weights or is no torch file, so Handful does not open it; save the weights alone, best as safetensors.</source>
        <translation>{path} 不只含有权重，或不是 torch 文件，因此 Handful 不会打开它；请只保存权重，最好用 safetensors 格式。</translation>
    </message>
    <message>
        <source>{path} holds no folders of images; a data set needs at least 2, one for each class.</source>
        <translation>{path} 中没有图像文件夹；数据集至少需要 2 个，每个类别一个。</translation>
    </message>
    <message>
        <source>{path} holds no results of MegaDetector: there are no “images” with “detections” in it.</source>
        <translation>{path} 不含 MegaDetector 的结果：其中没有带“detections”的“images”。</translation>
    </message>
    <message>
        <source>{path} holds no weights by name.</source>
        <translation>{path} 中没有带名称的权重。</translation>
    </message>
    <message>
        <source>{path} holds no weights of a torchvision network (features.*).</source>
        <translation>{path} 中没有 torchvision 网络的权重（features.*）。</translation>
    </message>
    <message>
        <source>{path} holds other crops; choose another place.</source>
        <translation>{path} 中是其他裁剪图像；请选择其他位置。</translation>
    </message>
    <message>
        <source>{path} holds other weights: {error}.</source>
        <translation>{path} 中是其他权重：{error}。</translation>
    </message>
    <message>
        <source>{path} is a folder, not a project file.</source>
        <translation>{path} 是文件夹，不是项目文件。</translation>
    </message>
    <message>
        <source>{path} is a folder; give the encoder file in it.</source>
        <translation>{path} 是文件夹；请指定其中的编码器文件。</translation>
    </message>
    <message>
        <source>{path} is a link to another file; it was left.</source>
        <translation>{path} 是指向另一个文件的链接；保持不变。</translation>
    </message>
    <message>
        <source>{path} is a part of the crops; choose another name.</source>
        <translation>{path} 是裁剪图像的一部分；请选择其他名称。</translation>
    </message>
    <message>
        <source>{path} is damaged ({reason}); it was left as it is, and nothing was written to it.</source>
        <translation>{path} 已损坏（{reason}）；它保持原样，没有写入任何内容。</translation>
    </message>
    <message>
        <source>{path} is damaged ({text}); it was left as it is.</source>
        <translation>{path} 已损坏（{text}）；它保持原样。</translation>
    </message>
    <message>
        <source>{path} is damaged or is no checkpoint.</source>
        <translation>{path} 已损坏，或不是检查点。</translation>
    </message>
    <message>
        <source>{path} is damaged or is no file of weights.</source>
        <translation>{path} 已损坏，或不是权重文件。</translation>
    </message>
    <message>
        <source>{path} is damaged or is no safetensors file.</source>
        <translation>{path} 已损坏，或不是 safetensors 文件。</translation>
    </message>
    <message>
        <source>{path} is damaged or is no uncompressed tar file.</source>
        <translation>{path} 已损坏，或不是未压缩的 tar 文件。</translation>
    </message>
    <message>
        <source>{path} is damaged or is not an encoder of Handful.</source>
        <translation>{path} 已损坏，或不是 Handful 的编码器。</translation>
    </message>
    <message>
        <source>{path} is damaged, or was made by a newer Handful.</source>
        <translation>{path} 已损坏，或由更新版本的 Handful 生成。</translation>
    </message>
    <message>
        <source>{path} is damaged: a name in it has a letter that is no text.</source>
        <translation>{path} 已损坏：其中有一个名称含有不是文本的字符。</translation>
    </message>
    <message>
        <source>{path} is damaged: it does not hold what it says.</source>
        <translation>{path} 已损坏：其内容与描述不符。</translation>
    </message>
    <message>
        <source>{path} is damaged: it says “{name}” twice in one place.</source>
        <translation>{path} 已损坏：同一处出现两次“{name}”。</translation>
    </message>
    <message>
        <source>{path} is damaged: its contents do not match its fingerprint.</source>
        <translation>{path} 已损坏：其内容与指纹不符。</translation>
    </message>
    <message>
        <source>{path} is damaged: its description cannot be read.</source>
        <translation>{path} 已损坏：无法读取其描述。</translation>
    </message>
    <message>
        <source>{path} is damaged: its mean embedding has the wrong length.</source>
        <translation>{path} 已损坏：其平均嵌入的长度有误。</translation>
    </message>
    <message>
        <source>{path} is damaged: its projection does not fit its network.</source>
        <translation>{path} 已损坏：其投影与网络不匹配。</translation>
    </message>
    <message>
        <source>{path} is damaged: {count} of its lines cannot be read, and the files they told of were left.</source>
        <translation>{path} 已损坏：其中 {count} 行无法读取，这些行所涉及的文件保持不变。</translation>
    </message>
    <message>
        <source>{path} is damaged; choose another folder.</source>
        <translation>{path} 已损坏；请选择另一个文件夹。</translation>
    </message>
    <message>
        <source>{path} is damaged; delete it, and it is computed anew.</source>
        <translation>{path} 已损坏；请将其删除，之后会重新计算。</translation>
    </message>
    <message>
        <source>{path} is damaged; remove it and run again.</source>
        <translation>{path} 已损坏；请删除它后再次运行。</translation>
    </message>
    <message>
        <source>{path} is damaged; without it the run can go on.</source>
        <translation>{path} 已损坏；没有它训练也能继续。</translation>
    </message>
    <message>
        <source>{path} is larger than a megabyte, so it is no list of classes.</source>
        <translation>{path} 大于 1 MB，因此不是类别列表。</translation>
    </message>
    <message>
        <source>{path} is no COCO file: it needs images, categories and annotations.</source>
        <translation>{path} 不是 COCO 文件：需要 images、categories 和 annotations。</translation>
    </message>
    <message>
        <source>{path} is no JSON, or it is damaged.</source>
        <translation>{path} 不是 JSON，或者已损坏。</translation>
    </message>
    <message>
        <source>{path} is no checkpoint of this kind and version of Handful.</source>
        <translation>{path} 不是此类型和此版本 Handful 的检查点。</translation>
    </message>
    <message>
        <source>{path} is no data set of FiftyOne: it has no “labels”.</source>
        <translation>{path} 不是 FiftyOne 数据集：没有“labels”。</translation>
    </message>
    <message>
        <source>{path} is no encoder of Handful&apos;s; where it holds a network&apos;s weights, give the name of the network, too, as in timm:resnet18.</source>
        <translation>{path} 不是 Handful 的编码器；如果其中是某个网络的权重，请同时给出该网络的名称，例如 timm:resnet18。</translation>
    </message>
    <message>
        <source>{path} is no export of Label Studio: it lists no tasks.</source>
        <translation>{path} 不是 Label Studio 的导出：没有列出任务。</translation>
    </message>
    <message>
        <source>{path} is no list of classes: “{start}…” has more than {most} letters.</source>
        <translation>{path} 不是类别列表：“{start}…”超过 {most} 个字符。</translation>
    </message>
    <message>
        <source>{path} is no project of Lobe: it has no db.sqlite.</source>
        <translation>{path} 不是 Lobe 项目：没有 db.sqlite。</translation>
    </message>
    <message>
        <source>{path} is no valid recipe: {error}.</source>
        <translation>{path} 不是有效的训练方案：{error}。</translation>
    </message>
    <message>
        <source>{path} is not JSON, or it is damaged.</source>
        <translation>{path} 不是 JSON，或者已损坏。</translation>
    </message>
    <message>
        <source>{path} is not a Handful project, or it is damaged ({reason}); it was left as it is.</source>
        <translation>{path} 不是 Handful 项目，或已损坏（{reason}）；它保持原样。</translation>
    </message>
    <message>
        <source>{path} is not a Handful project.</source>
        <translation>{path} 不是 Handful 项目。</translation>
    </message>
    <message>
        <source>{path} is not a journal that this Handful can read.</source>
        <translation>{path} 不是此版本 Handful 可读取的日志。</translation>
    </message>
    <message>
        <source>{path} is not a project that Handful can open: its table “{name}” is missing.</source>
        <translation>{path} 不是 Handful 能打开的项目：缺少表“{name}”。</translation>
    </message>
    <message>
        <source>{path} is not a table of a watched folder, so nothing is appended to it; name another file.</source>
        <translation>{path} 不是监视文件夹的表格，因此不会向其追加内容；请指定另一个文件。</translation>
    </message>
    <message>
        <source>{path} is not a text file in UTF-8.</source>
        <translation>{path} 不是 UTF-8 文本文件。</translation>
    </message>
    <message>
        <source>{path} is not a zip file, or it is damaged.</source>
        <translation>{path} 不是 zip 文件，或者已损坏。</translation>
    </message>
    <message>
        <source>{path} is not an encoder of Handful.</source>
        <translation>{path} 不是 Handful 的编码器。</translation>
    </message>
    <message>
        <source>{path} is not in {folder}; it was left, since a journal may come from others.</source>
        <translation>{path} 不在 {folder} 中；由于日志可能来自他人，该文件保持不变。</translation>
    </message>
    <message>
        <source>{path} is not the file any more that the crops were cut out after.</source>
        <translation>{path} 已不是裁剪图像时所用的文件。</translation>
    </message>
    <message>
        <source>{path} is not there any more, nor is its image; if they were sorted into folders, undo that first.</source>
        <translation>{path} 及其图像已不存在；如果它们被分类到了文件夹中，请先撤销该分类。</translation>
    </message>
    <message>
        <source>{path} is not there any more; if it was sorted into a folder, undo that first.</source>
        <translation>{path} 已不存在；如果它被分类到了文件夹中，请先撤销该分类。</translation>
    </message>
    <message>
        <source>{path} is not there any more; it could not be restored.</source>
        <translation>{path} 已不存在；无法恢复。</translation>
    </message>
    <message>
        <source>{path} is of version {version}; Handful knows the versions 1.0 to 1.9.</source>
        <translation>{path} 的版本为 {version}；Handful 支持版本 1.0 至 1.9。</translation>
    </message>
    <message>
        <source>{path} is open in another Handful{where}; close it there first.</source>
        <translation>{path} 已在另一个 Handful 中打开{where}；请先在那里关闭。</translation>
    </message>
    <message>
        <source>{path} is read-only, so labels could not be saved; copy it to a place where you may write and open the copy.</source>
        <translation>{path} 是只读的，无法保存标注；请将它复制到您有权写入的位置，然后打开副本。</translation>
    </message>
    <message>
        <source>{path} is the detector&apos;s own file, which the crops come from; choose another name.</source>
        <translation>{path} 是检测器自己的文件，裁剪图像正来自它；请选择另一个名称。</translation>
    </message>
    <message>
        <source>{path} is there already and is not a model of Handful; choose another name.</source>
        <translation>{path} 已存在，且不是 Handful 的模型；请选择另一个名称。</translation>
    </message>
    <message>
        <source>{path} is there already and is not a table of Handful; choose another name.</source>
        <translation>{path} 已存在，且不是 Handful 的表格；请选择另一个名称。</translation>
    </message>
    <message>
        <source>{path} is there already and was not written by Handful; choose another name.</source>
        <translation>{path} 已存在，且不是由 Handful 写出的；请选择另一个名称。</translation>
    </message>
    <message>
        <source>{path} keeps no examples ({name} is missing), so labelling cannot go on from it; images can still be classified with it.</source>
        <translation>{path} 没有保存示例（缺少 {name}），因此无法由此继续标注；但仍可用它为图像分类。</translation>
    </message>
    <message>
        <source>{path} lies in the folder of the images, where its copies would be taken for further images; choose another place.</source>
        <translation>{path} 位于图像文件夹内，其中的副本会被当作新的图像；请选择其他位置。</translation>
    </message>
    <message>
        <source>{path} lies in the folder of the images, where its crops would be taken for further images; choose another place.</source>
        <translation>{path} 位于图像文件夹内，其中的裁剪图像会被当作新的图像；请选择其他位置。</translation>
    </message>
    <message>
        <source>{path} needs a first line with the columns file_name and label.</source>
        <translation>{path} 的第一行需要有 file_name 和 label 两列。</translation>
    </message>
    <message>
        <source>{path} says to be of version “{version}”, which is none; it was read as version 1.</source>
        <translation>{path} 自称版本为“{version}”，但没有这样的版本；已按版本 1 读取。</translation>
    </message>
    <message>
        <source>{path} still holds step {step}</source>
        <translation>{path} 仍保存着第 {step} 步</translation>
    </message>
    <message>
        <source>{path} was changed by another program meanwhile; it was left.</source>
        <translation>{path} 在此期间被其他程序更改；未处理。</translation>
    </message>
    <message>
        <source>{path} was changed by another program since; it was left as it is.</source>
        <translation>{path} 之后已被其他程序更改；保持不变。</translation>
    </message>
    <message>
        <source>{path} was damaged and is repaired; labels in it: {count}.</source>
        <translation>{path} 曾损坏，现已修复；其中的标注：{count}。</translation>
    </message>
    <message>
        <source>{path} was deleted or renamed while it was open; it was written again, with all that was labelled.</source>
        <translation>{path} 在打开期间被删除或重命名；已重新写入，包含所有标注。</translation>
    </message>
    <message>
        <source>{path} was deleted with its folder while it was open, so nothing more is saved to it. What was labelled till then is in a backup; with the folder there again, “handful recover” brings it back.</source>
        <translation>{path} 在打开期间连同其文件夹一起被删除，因此不再向其保存任何内容。此前标注的内容已存入备份；文件夹恢复后，可用“handful recover”找回。</translation>
    </message>
    <message>
        <source>{path} was left as it is: its journal is damaged.</source>
        <translation>{path} 保持不变：其日志已损坏。</translation>
    </message>
    <message>
        <source>{path} was left as it is: {reason}.</source>
        <translation>{path} 保持不变：{reason}。</translation>
    </message>
    <message>
        <source>{path} was made for another version of Handful (it says {found}, this version reads {known}).</source>
        <translation>{path} 是为其他版本的 Handful 制作的（其格式为 {found}，此版本可读取 {known}）。</translation>
    </message>
    <message>
        <source>{path} was not opened: it has a password.</source>
        <translation>未打开 {path}：它有密码。</translation>
    </message>
    <message>
        <source>{path} was not opened: it has a value that is larger than any of a project.</source>
        <translation>{path} 未被打开：其中有一个值比项目中的任何值都大。</translation>
    </message>
    <message>
        <source>{path} was not opened: it has {what}, which Handful does not make; it is damaged, of a newer version, or meant to do harm.</source>
        <translation>{path} 未被打开：其中有{what}，这不是 Handful 创建的；文件已损坏、来自更新的版本，或意在造成损害。</translation>
    </message>
    <message>
        <source>{path} was not opened: it has {what}, which no project has; it is damaged, or meant to do harm.</source>
        <translation>{path} 未被打开：其中有{what}，任何项目都没有；文件已损坏，或意在造成损害。</translation>
    </message>
    <message>
        <source>{path} was not opened: its member “{member}” would be written outside of its place.</source>
        <translation>未打开 {path}：其中的“{member}”会被写到应有位置之外。</translation>
    </message>
    <message>
        <source>{path} was not opened: unpacked it would take {size:.0f} MB, and the disk has no room for that.</source>
        <translation>未打开 {path}：解压后需要 {size:.0f} MB，磁盘空间不足。</translation>
    </message>
    <message>
        <source>{path} was not opened: unpacked it would take {size:.0f} MB.</source>
        <translation>未打开 {path}：解压后将占用 {size:.0f} MB。</translation>
    </message>
    <message>
        <source>{path} was not opened: “{member}” would become {size:.0f} MB, as no honest file does.</source>
        <translation>未打开 {path}：“{member}”解压后会变成 {size:.0f} MB，正常文件不会这样。</translation>
    </message>
    <message>
        <source>{path} was replaced by another program while it was open here; what was done last in the file before is not in it, and is kept as {name}.</source>
        <translation>{path} 在此处打开期间被其他程序替换；原文件中最后所做的更改不在其中，已保存为 {name}。</translation>
    </message>
    <message>
        <source>{path} was replaced by another program while it was open, so nothing more is saved to it; what was labelled here is kept as {name}. Close the project and open the one that you want to go on with.</source>
        <translation>{path} 在打开期间被另一个程序替换，因此不再向其中保存任何内容；此处所做的标注保留为 {name}。请关闭该项目，然后打开您想继续使用的那一个。</translation>
    </message>
    <message>
        <source>{path} was worked in elsewhere since, or is an older copy: the copy of its journal tells of changes that are not in it. They are kept in {kept}.</source>
        <translation>{path} 后来在别处被使用过，或者是较旧的副本：其日志的副本中有一些不在该文件里的更改。它们保存在 {kept} 中。</translation>
    </message>
    <message>
        <source>{path} was written by a newer Handful (format {version}; this one reads up to {newest}); install the newer version to open it.</source>
        <translation>{path} 由更新版本的 Handful 写入（格式 {version}；此版本最高可读取 {newest}）；请安装新版本后打开。</translation>
    </message>
    <message>
        <source>{path} was written by a newer Handful.</source>
        <translation>{path} 由更新版本的 Handful 写成。</translation>
    </message>
    <message>
        <source>{path} would make {count:,} classes; a project may have {most:,}.</source>
        <translation>{path} 会新建 {count:,} 个类别；一个项目最多可有 {most:,} 个。</translation>
    </message>
    <message>
        <source>{path}, line {line}: this is no CSV ({error}).</source>
        <translation>{path} 第 {line} 行：这不是 CSV（{error}）。</translation>
    </message>
    <message>
        <source>{path}, line {line}: this is no JSON.</source>
        <translation>{path} 第 {line} 行：不是 JSON。</translation>
    </message>
    <message>
        <source>{path}: no image has a flag that is set, so there are no labels.</source>
        <translation>{path}：没有图像设置了 flag，因此没有标注。</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
    <message>
        <source>{reason} Close the project and repair it; what you label until then is kept.</source>
        <translation>{reason} 请关闭项目并修复；在此之前的标注会保留。</translation>
    </message>
    <message>
        <source>{reason} Handful works with its own encoder instead.</source>
        <translation>{reason}Handful 改用自带的编码器。</translation>
    </message>
    <message>
        <source>{reason} {rows} of {total} images are done; the same command goes on from there.</source>
        <translation>{reason} 已完成 {rows} / {total} 张图像；再次运行同一命令即可从此处继续。</translation>
    </message>
    <message>
        <source>{reason}, and neither can torch ({why})</source>
        <translation>{reason}，torch 也不能（{why}）</translation>
    </message>
    <message>
        <source>{size:.1f} GB</source>
        <translation>{size:.1f} GB</translation>
    </message>
    <message>
        <source>{size:.1f} MB</source>
        <translation>{size:.1f} MB</translation>
    </message>
    <message>
        <source>{size:.1f} TB</source>
        <translation>{size:.1f} TB</translation>
    </message>
    <message>
        <source>{size:.1f} kB</source>
        <translation>{size:.1f} kB</translation>
    </message>
    <message>
        <source>{target} is a file, and no folder to sort into.</source>
        <translation>{target} 是文件，不是可放入的文件夹。</translation>
    </message>
    <message>
        <source>{target} is on another disk than the images, and a hard link cannot reach there; copy them instead.</source>
        <translation>{target} 与图像不在同一磁盘，硬链接无法到达；请改为复制。</translation>
    </message>
    <message>
        <source>{target} lies in the folder of the images, where every image would be found twice; choose a folder outside of it, or move the images.</source>
        <translation>{target} 位于图像所在的文件夹中，每张图像会被找到两次；请选择其外的文件夹，或移动图像。</translation>
    </message>
    <message>
        <source>{title} cannot tell predictions from labels; leave the predictions out, or choose another format.</source>
        <translation>{title} 无法区分预测和标注；请不要包含预测，或选择其他格式。</translation>
    </message>
    <message>
        <source>{title} is a format that is only written.</source>
        <translation>{title} 格式只能写出。</translation>
    </message>
    <message>
        <source>{weight} and {count} more are missing</source>
        <translation>缺少 {weight} 以及另外 {count} 项</translation>
    </message>
    <message>
        <source>{weight} is missing</source>
        <translation>缺少 {weight}</translation>
    </message>
    <message>
        <source>{what}; {kept}, and a lower learning rate may help.</source>
        <translation>{what}；{kept}，降低学习率可能有帮助。</translation>
    </message>
    <message>
        <source>{why} It was left out.</source>
        <translation>{why}该图像未包含在内。</translation>
    </message>
    <message>
        <source>“{name}” ({kind})</source>
        <translation>“{name}”（{kind}）</translation>
    </message>
    <message>
        <source>“{name}”, made differently</source>
        <translation>以不同方式创建的“{name}”</translation>
    </message>
    <message>
        <source>“{none}” is no class and cannot be changed.</source>
        <translation>“{none}”不是类别，不能更改。</translation>
    </message>
</context>
</TS>
