<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Handful</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Qt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sort a folder of images by a handful of examples.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>System</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not loaded yet</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;About Handful</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Close Project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Evaluation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Export Model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Improve</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Larger View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;New Class…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open Folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Review by Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Save Predictions…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Unlabel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Why This Class?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All &amp;Images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the &amp;System</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy Path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy Paths</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the model as ONNX (Ctrl+E)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label &amp;Queue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New Class for These…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open &amp;Project…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open &amp;Recent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Original &amp;Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Queue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>S&amp;pot Check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the predictions as a table (Ctrl+S)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select &amp;All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select &amp;None</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show &amp;Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show in File Manager</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tools</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why the &amp;Next Class?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom &amp;In</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom &amp;Out</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ClassList</name>
    <message>
        <source>Classes</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ClassModel</name>
    <message>
        <source>Click to label the selected images; double click to rename</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For images that show none of your classes. They need no such label, but a few make Handful better at telling them. Click to label the selected images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Key {key}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no example yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shows no class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} predicted</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ClassPanel</name>
    <message>
        <source>Blue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour of “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter adds the class; Ctrl+Enter also gives it to the selected images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Green</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label a second class, and Handful classifies all the others.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lavender</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Light blue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Merge Into</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of a new class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of their class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New class (Ctrl+N)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Olive</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Orange</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Purple</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Red</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rose</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select images that show a class, then press its number or click its name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show Only These</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show Only This Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split into Two…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Teal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type the name of your first class, for instance “cat”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CoverageBar</name>
    <message>
        <source>1 image at {percent} % or more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 more looks like none of these classes and is left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the confidences, and from how {count} held-out labels did that are recognised with {percent} % or more; the truth lies between the two numbers 95 times in 100.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label as Predicted…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least confidence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No image without a label is predicted with {percent} % or more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of your labels that can be held out is recognised with {percent} % or more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only predictions of one class, or of all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at least</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} images at {percent} % or more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} more look like none of these classes and are left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} × “{name}” at {percent} % or more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{which}, about {share} % of them right (between {low} and {high}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{which}; too few labels to tell how many are right.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DoubtfulRow</name>
    <message>
        <source>Change to {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It shows none of your classes (0)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled {own}, looks like {likely} ({percent} %)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove Label</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Effort</name>
    <message>
        <source>Fine-tuned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Instant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thorough</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} hours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} minutes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{effort}: too few labels to tell how good</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{effort}: {percent} % of held-out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{effort}: {percent} % of held-out labels right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent} % instant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent} % plain prototypes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent} % thorough</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EffortButton</name>
    <message>
        <source>Each of {judged} labelled images is classified by the others, its near-duplicates left out with it; classes count alike.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every effort holds out other parts of the labels, so only numbers that stand together can be compared.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fewer come out right than with the instant effort, but the confidences are closer to the truth (log-loss {now} instead of {before}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-Tune…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Instant: after every click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Thorough: when you pause, kept where it is better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What went in: {kept}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>thorough is at work…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>thorough {percent} %</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EmptyFolderPage</name>
    <message>
        <source>Find the Images…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Handful looked in {folder} and its sub-folders for image files: JPEG, PNG, TIFF, WebP, AVIF, GIF, BMP and the like. Copy some there and look again, or open another folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look Again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for images…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No images in “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of the {count} images of this project was found in {folder}. If they were moved, show Handful where they are; your labels are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open Another Folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scan the folder again (F5)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show Handful where the images of this project are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder is not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The images are not in “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The only image of this project was not found in {folder}. If it was moved, show Handful where it is; your labels are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{folder} could not be found. If it was moved, or lies on a disk that is not plugged in, show Handful where it is; your labels are kept.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExplanationPanel</name>
    <message>
        <source>Back to {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hide why (W)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label images of at least two classes first; then this tells why.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the picture…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nearest labelled images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Orange parts speak for {name}, blue ones against it; all together make its score, {score} (0: the average class).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show which parts of the picture speak for the class, and its nearest examples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The picture cannot be read, so there is nothing to explain.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no prediction for this image yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why {name}?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why? (W)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Checked with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export Model as ONNX</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exported, and checked on {count} of your images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exported, but not every image got the same class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Files checked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ONNX models (*.onnx)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One file with the network, its preprocessing and your classes ({names}). It takes images of any size and gives probabilities, in any program that reads ONNX. Before it gets its name it is run on your own images and compared with Handful.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read as Handful does</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read in full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>largest difference in probability {difference}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{agree} of {clear} clear files get the same class (margin over {margin})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{names} have no example and are left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has no example and is left out.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FinetuneDialog</name>
    <message>
        <source>All held-out labels come out right already: it can hardly help.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-Tune</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning changes the encoder itself to suit your labels and then reads the folder anew. The answers on screen stay until it is done, and they are replaced only if labels that were held out from it say that it helped.

You can go on looking at images; changing a label stops it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning is under way.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not Now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answers are fine-tuned already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This can take long; how long is not known on this computer ({device}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This takes about {time} on this computer ({device}).</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Gallery</name>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confident</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every file can be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every image here has a label of yours.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every image looks like one of your classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everything is labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least like any class first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Most confident first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Most unsure first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move the slider to the left, or label a few more images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New predictions: filter and sort again (F5)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No image is labelled or predicted as this class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No prediction has two classes that are close to each other.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of these?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing here yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing labelled yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing strange</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing that confident</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing unsure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Order</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Order of the images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select images and press the key of a class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show every image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show files that cannot be read, and why</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show images labelled or predicted as one class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show images that look like none of the classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show images that you labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show images whose two most likely classes are close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show images without a label of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show predictions above a confidence, and how good they are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the images that another page named</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These images are not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tile size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tile size (Ctrl and mouse wheel)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlabelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unreadable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>GalleryModel</name>
    <message>
        <source>, or none of these</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cannot be read: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>labelled {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not classified yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>predicted {name}, {percent}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unsure, perhaps {name}, {percent}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>GalleryView</name>
    <message>
        <source>1 image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} images</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>HeatLegend</name>
    <message>
        <source>Blue speaks against, orange speaks for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>against</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>for</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ImageView</name>
    <message>
        <source>Picture</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>IntervalBar</name>
    <message>
        <source>{share} % of the held-out labels; of all images of the class between {low} and {high} % (95 %)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>KeysDialog</name>
    <message>
        <source>Arrow keys</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl++, Ctrl+-</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+0, Ctrl+1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+N or +</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Z, Ctrl+Shift+Z</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete, Backspace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter or Y, N</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter, Space</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F2, Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit, original size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give the class with that key</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go through the images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Improving</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label queue</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger view, and back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger, smaller</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of these: it shows no class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename, delete the class (in the list)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scan the folder, filter and sort again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select several, all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shift, Ctrl+A</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Space, Backspace</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Spot check predictions drawn at random</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the label off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo, redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why this class, why the next one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>… and give it to the selected images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>… skip an image, go back to the one before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>… the prediction is right, is wrong</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LabelsPage</name>
    <message>
        <source>1 more follows when these are settled.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How good the answers are can be told from five independent labelled images of most classes on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Independent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels that look wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at All of Them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at Them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking again…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the labels…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More labels of this class would help most</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nearly the same images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No label looks wrong.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One label each is enough; they count as one when the answers are judged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recognised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>See how many predictions are right, by a few drawn at random (F8)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Spot Check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too few labels to tell whether one of them is wrong.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>With the instant effort about {percent} % of other images are recognised, between {low} and {high} % (95 %). That is told from held-out labels, near-duplicates counted once, and from the confidences; classes count alike.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too few to tell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} images with different labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} more follow when these are settled.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{right} of {judged}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Language</name>
    <message>
        <source>As the &amp;System</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LearningCurve</name>
    <message>
        <source>A curve follows once there are more labels.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>labels per class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>labels per class {labels}: {percent} %</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Handful projects (*{suffix})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label 1 Image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label 1 image as predicted?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label as Predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label {count} Images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label {count} as predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label {count} images as predicted?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a folder of images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>They become labels like those that you gave. The model then learns from its own answers, and its accuracy on held-out labels will look better than it is. Undo takes them all back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where are the images now?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not there any more; it was taken off the list.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MapPage</name>
    <message>
        <source>Map</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NeighbourTile</name>
    <message>
        <source>{name}, similarity {value} of at most 1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>{percent} %</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Page</name>
    <message>
        <source>All images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to all images (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>{place} of {count}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PredictionsDialog</name>
    <message>
        <source>A CSV table with one row per image: file name, class, confidence, and whether you or the model gave the class. Files that cannot be read are listed in a second table.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Listed in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save Predictions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved the prediction of 1 image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved the predictions of {count} images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unreadable files</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message>
        <source>All images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Back to all images (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cannot be read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit (Ctrl+0)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Larger view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next image (Right)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number keys label, 0 says none of these, Delete takes the label off, the arrow keys go on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Original size (Ctrl+1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous image (Left)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the model says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the model says (unsure)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the model says, or none of these</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom in (Ctrl++)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom out (Ctrl+-)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProbabilityBars</name>
    <message>
        <source>Click a class to see what speaks for it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing yet.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ReviewPage</name>
    <message>
        <source>Review by class</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SaveDialog</name>
    <message>
        <source>Browse…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose where to save it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go On Working</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save as</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You can close this window and go on labelling meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>1 image was moved or renamed; its label came with it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add class “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Colour of “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deleted the class “{name}” and its label.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deleted the class “{name}” and its {count} labels.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Deleted the class “{name}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every image has a label of yours, so none is left to predict.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning is done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning is done: {now} % of held-out labels right, {before} % before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning was stopped, because labels were changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Handful may not write in {folder}, so your labels are kept in {kept}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Key of “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label images of at least two classes first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled 1 image.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled {count} images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels were changed after fine-tuning, so the answers are instant ones again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Merged the class “{source}” into “{target}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of the project&apos;s images is in {folder}, so nothing was changed; show the folder that holds {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not everything in the folder could be read: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a folder first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rename class “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split class “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split “{name}”: {count} went to “{new}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {folder} is not there any more. Your labels are kept; show Handful where the images are now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The labelled image {name} was changed by another program; check that its label still fits.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The labels of {folder} are kept in {kept}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The predictions are on their way.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no folder or project {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} images were moved or renamed; their labels came with them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} labelled images were changed by another program, {name} among them; check that their labels still fit.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SmallPicture</name>
    <message>
        <source>Labelled {name}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SplitDialog</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to a new class: {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for two kinds of images in it…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of the new class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stay in “{name}”: {count}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SpotCheck</name>
    <message>
        <source>{right} of {asked} right: {percent} %, between {low} and {high} %</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SpotCheckPage</name>
    <message>
        <source>Answered right.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Answered wrong.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw Again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawn at random from {count} predictions; the share among all of them lies between the two numbers 95 times in 100. Their confidences promised {percent} %.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter: right · N: wrong · number keys: what it is, 0 none of these · Backspace: back · Esc: enough</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Is this “{name}”?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label by spot check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing to check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right answers and those that say what it is become labels of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the Wrong Ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Spot check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The prediction is right (Enter or Y)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The prediction is wrong (N)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use 1 Answer as a Label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use {count} Answers as Labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{place} of {count}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>A folder of images, with its sub-folders. The files stay untouched.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every other image gets a class and a confidence, as a table or model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Get the rest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label a handful</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name your classes and give each a few examples, by key or click.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open Folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open Project…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a .handful file (Ctrl+Shift+O)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a folder of images (Ctrl+O)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sort a folder of images by a handful of examples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>or drop a folder anywhere in this window</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Startup</name>
    <message>
        <source>Something went wrong inside Handful. Your labels are saved, and you can go on; what happened is in {path}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Engine is loading…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on with the other images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for images · {count} found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No predictions: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop fine-tuning; the answers stay as they are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop this; what is done stays done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped; some images are not classified yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>You can label meanwhile.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} h left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} labelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} min left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} s left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} unreadable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{encoder} on {provider}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{rate}/s</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SuggestPage</name>
    <message>
        <source>Back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave this image without a label (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for images that are worth a label…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing is left to suggest. Esc goes back to all images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number keys label and go on · 0: none of these · Space skips · Backspace goes back · Esc ends</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perhaps {first} or {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Perhaps {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Skip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is loading; suggestions follow…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The image before (Backspace)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no class yet: type the name of what you see and press Enter.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What to label next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} more in the queue</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Task</name>
    <message>
        <source>Cancelling…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TileDelegate</name>
    <message>
        <source>none of these?</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>_NoticeBar</name>
    <message>
        <source>Dismiss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tune again…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>1 thread</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt; 1 %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A GPU was found, but {reason}; working on the CPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A class cannot be called “{name}”: “{none}” is there for images that show no class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A class needs a name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A labelled image cannot be read any more, so no more was tried; the answers stay as they were.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a second class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add two classes and label a few images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An image that looks the same is labelled “{name}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At least two classes need a labelled image; 1 has one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>At least two classes need a labelled image; {count} have one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Building the model file (a few seconds)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU, {threads}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Checking the model file on real images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not open the cache {path}: {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not write {path}: it is a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not write {path}: it is no ordinary file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not write {path}: there is no folder {parent}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} the cache {path}: {error}; the work goes on without it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} {path}: another program is using it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} {path}: it is read-only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} {path}: the disk is full; make room, and the change can be made again. Nothing saved before is lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} {path}: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Could not {doing} {path}: {text}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete class “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find the labels of 1 moved image again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find the labels of {count} moved images again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning did not help with these labels and was not kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fine-tuning needs ten labelled images that are no near-duplicates, and two in most of the classes: it is kept only where it helps on labels held out from it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Five more of “{weakest}” would help most: {because}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Judging by the labels that were held out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label 1 image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label an image of a second class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label an image of each class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label images of at least two classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label images of “{name}”, which has none yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label {count} images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loading torch, which takes some seconds</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking again, three views each</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking again, tuned</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at some images without a label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking at the labelled images from several sides</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Merge “{source}” into “{target}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NVIDIA GPU (onnxruntime)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>NVIDIA GPU (torch)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None of these</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing can be classified yet: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Onnxruntime cannot use the GPU ({why}); torch runs the encoder instead.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Painting machine parts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preparing {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something went wrong inside Handful ({kind}: {error}); your labels are safe, and the log has the details.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The activations in the encoder&apos;s graph {graph_path} do not give its embedding, so it cannot be explained.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The class has no labelled image that can be read, so no image has a score for it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The device cuda cannot be used: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The encoder {name!r} does not give usable embeddings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} cannot be loaded: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} cannot be opened: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The encoder&apos;s graph {graph_path} pools {n_pooled} activations where its encoder has {n_expected}, so it cannot be explained.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine could not start ({error}); see the log.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model does not agree with the program (largest difference {difference:.2g}, allowed {limit:.0e}; same class on {n_agree} of {n_clear} images); it was not saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model does not agree with the program on what is none of the classes (largest difference {difference:.2g}, allowed {limit:.0e}); it was not saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder {shown} has a name that is not UTF-8; please rename it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The images in {folder} have the names, but not the content, of those that {path} was made for (another memory card?); open the folder itself instead.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The labels suffice: twice as many would hardly help ({gain}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model could not be checked, since no image can be read any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}), as do {nearest}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The other labels speak for “{likely}” ({chance}, “{own}” {own_chance}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The weights of {name!r} do not fit their network.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The weights of {name!r} do not fit their network: {n_missing} are missing and {n_unknown} are unknown, {named!r} among them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is already a class “{name}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no encoder file {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no file {model}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no folder {folder}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no project file {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is nothing to explain yet: label images of at least two classes first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This version cannot build a network of kind {architecture!r}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Too few labels to tell; label at least {least} of each class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trying harder did not help with these labels; the instant answers stay.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Twice as many labels would hardly help ({gain}): “{own}” is often taken for “{other}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlabel 1 image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unlabel {count} images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validating</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was labelled in {copy} while {path} was read-only could not be brought back now; it is only there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What was labelled in {copy} while {path} was read-only is back in it; what it held before is kept as {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing predictions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about +1 %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {count}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all three labelled images nearest to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>between {first} and {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>both labelled images nearest to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>copy the read-only project to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>cosine prototypes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>create</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fine-tuned encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it begins as a JPEG, but is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it begins as a PNG, but is damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it cannot be decoded ({what})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it does not begin as one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has only {n_labels}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has {width} x {height} pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has {width} x {height} pixels, more than the limit of {limit} megapixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it holds text, not an image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is a HEIC image, which this version does not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it is not an image of a kind that is read here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it was not read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its CUDA provider did not load</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its name holds a character that no name can hold</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>less than +1 %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no NVIDIA GPU was found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of about {n_unsure} images it is unclear whether they are that</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one of a kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>onnxruntime cannot use the GPU ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>permission was denied</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read the encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>read the weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ridge regression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ridge regression in the folder&apos;s metric</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>save to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shrinkage discriminant</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk is full</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the disk is read-only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the encoder failed on it ({error})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the engine is closing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file has {size:.1f} GB, more than the limit of {limit:.1f} GB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file is not there any more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the file is truncated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the name is too long</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is no such file or folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>there is not enough memory to decode it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>torch sees no CUDA device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>two of the three labelled images nearest to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>typical of {count} images without a label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlabelled images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlike everything labelled so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>unlike everything labelled so far, as {count} images are</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>vote</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the cache in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>write the encoder&apos;s graph</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{damage}; the newest backup is {backup}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} is not an ONNX model, or it is damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{model} was not exported by Handful.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n_right} of its {n_judged} labelled images were recognised</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n_right} of {n_judged} labelled images were recognised; too few to be sure that the labels suffice.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n_threads} threads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n_views} views of each image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be explained: {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be read any more: {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} cannot be shown: {error}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} already exists; open it instead, or choose another name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} and {copy}, a copy from when it was read-only, were both worked in: the labels of the copy are only there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds an encoder of the kind {architecture!r}, which this version of Handful does not know.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds no weights of a torchvision network (features.*).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder, not a project file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder; give the encoder file in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged ({reason}); it was left as it is, and nothing was written to it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged ({text}); it was left as it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged or is no safetensors file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged or is not an encoder of Handful.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: its contents do not match its fingerprint.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: its description cannot be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: its mean embedding has the wrong length.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged: its projection does not fit its network.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a Handful project, or it is damaged ({reason}); it was left as it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a Handful project.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not an encoder of Handful.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is read-only, so labels could not be saved; copy it to a place where you may write and open the copy.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} was made for another version of Handful (it says {found}, this version reads {known}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} was written by a newer Handful (format {version}; this one reads up to {newest}); install the newer version to open it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{reason}, and neither can torch ({why})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{none}” is no class and cannot be changed.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
