//! The rows of the table of actions.
//!
//! To add an action: its title and doc in `ui::lang::actions`, its row here, and its arm in the app. A row is
//! `Variant "name" TITLE DOC Group priority danger [scopes] [scope "keys", …];`. `tests/keys.rs` holds the default keys to being
//! free of conflicts and within reach of every terminal.

use super::{Group, Info, Scope};
use crate::ui::lang::actions;

macro_rules! actions {
    ($(
        $variant:ident $name:literal $title:ident $doc:ident $group:ident $priority:literal $danger:ident
        [$($scope:ident)*] [$($on:ident $keys:literal),*];
    )*) => {
        /// An action of the user's vocabulary; [`Action::info`] tells what it does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(
                #[doc = concat!("`", $name, "` in `keys.toml`.")]
                $variant,
            )*
        }

        /// Every action, in the order of help.
        pub static ACTIONS: &[Info] = &[$(Info {
            action: Action::$variant,
            name: $name,
            title: actions::$title,
            doc: actions::$doc,
            group: Group::$group,
            dangerous: stringify!($danger).len() == "danger".len(),
            priority: $priority,
            scopes: &[$(Scope::$scope),*],
            keys: &[$((Scope::$on, $keys)),*],
        }),*];
    };
}

actions! {
    Generate "generate" GENERATE GENERATE_DOC Drawing 100 safe [Global]
        [Editor "enter", Global "ctrl+g", Global "f5", Global "ctrl+enter"];
    GenerateForever "generate-forever" GENERATE_FOREVER GENERATE_FOREVER_DOC Drawing 0 safe [Global]
        [Normal "space f", Global "alt+g"];
    CancelCurrent "cancel-current" CANCEL_CURRENT CANCEL_CURRENT_DOC Drawing 30 safe [Global]
        [Normal "X", Global "alt+x", Normal "space q x"];
    TogglePreview "toggle-preview" TOGGLE_PREVIEW TOGGLE_PREVIEW_DOC Drawing 0 safe [Global]
        [Normal "space v", Global "alt+v"];

    WeightUp "weight-up" WEIGHT_UP WEIGHT_UP_DOC Writing 70 safe [Editor] [Editor "ctrl+up", Editor "alt+up"];
    WeightDown "weight-down" WEIGHT_DOWN WEIGHT_DOWN_DOC Writing 69 safe [Editor] [Editor "ctrl+down", Editor "alt+down"];
    Newline "newline" NEWLINE NEWLINE_DOC Writing 60 safe [Editor Notes]
        [Editor "alt+enter", Editor "ctrl+j", Editor "shift+enter", Notes "enter"];
    Undo "undo" UNDO UNDO_DOC Writing 50 safe [Editor Notes] [Editor "ctrl+z", Notes "ctrl+z"];
    Redo "redo" REDO REDO_DOC Writing 0 safe [Editor Notes]
        [Editor "ctrl+y", Editor "ctrl+shift+z", Notes "ctrl+y", Notes "ctrl+shift+z"];
    SelectAll "select-all" SELECT_ALL SELECT_ALL_DOC Writing 0 safe [Editor Notes] [Editor "ctrl+a", Notes "ctrl+a"];
    Copy "copy" COPY COPY_DOC Writing 0 safe [Editor Notes] [Editor "ctrl+c", Notes "ctrl+c"];
    Cut "cut" CUT CUT_DOC Writing 0 safe [Editor Notes] [Editor "ctrl+x", Notes "ctrl+x"];
    Paste "paste" PASTE PASTE_DOC Writing 0 safe [Editor Input Notes] [Editor "ctrl+v", Input "ctrl+v", Notes "ctrl+v"];
    Clear "clear" CLEAR CLEAR_DOC Writing 0 safe [Editor Input Notes] [Editor "alt+k", Input "ctrl+u", Notes "alt+k"];

    EditValue "edit-value" EDIT_VALUE EDIT_VALUE_DOC Parameters 80 safe [Form Dialog]
        [Form "enter", Form "i", Dialog "enter"];
    Increase "increase" INCREASE INCREASE_DOC Parameters 70 safe [Form Dialog] [Form "right", Form "l", Dialog "right"];
    Decrease "decrease" DECREASE DECREASE_DOC Parameters 69 safe [Form Dialog] [Form "left", Form "h", Dialog "left"];
    IncreaseMuch "increase-much" INCREASE_MUCH INCREASE_MUCH_DOC Parameters 0 safe [Form Dialog]
        [Form "shift+right", Form "L", Dialog "shift+right"];
    DecreaseMuch "decrease-much" DECREASE_MUCH DECREASE_MUCH_DOC Parameters 0 safe [Form Dialog]
        [Form "shift+left", Form "H", Dialog "shift+left"];
    RandomSeed "random-seed" RANDOM_SEED RANDOM_SEED_DOC Parameters 40 safe [Global] [Form "r", Global "alt+r"];
    ReuseLastSeed "reuse-last-seed" REUSE_LAST_SEED REUSE_LAST_SEED_DOC Parameters 39 safe [Global]
        [Form "e", Global "alt+e"];
    SwapSize "swap-size" SWAP_SIZE SWAP_SIZE_DOC Parameters 38 safe [Global] [Form "w", Global "alt+w"];

    CancelJob "cancel-job" CANCEL_JOB CANCEL_JOB_DOC Queue 80 safe [Queue] [Queue "x"];
    PauseQueue "pause-queue" PAUSE_QUEUE PAUSE_QUEUE_DOC Queue 70 safe [Global] [Queue "p", Normal "space q p", Global "alt+p"];
    JobUp "job-up" JOB_UP JOB_UP_DOC Queue 50 safe [Queue] [Queue "K", Queue "shift+up"];
    JobDown "job-down" JOB_DOWN JOB_DOWN_DOC Queue 49 safe [Queue] [Queue "J", Queue "shift+down"];
    RetryJob "retry-job" RETRY_JOB RETRY_JOB_DOC Queue 60 safe [Queue] [Queue "r"];
    RemoveJob "remove-job" REMOVE_JOB REMOVE_JOB_DOC Queue 40 safe [Queue] [Queue "d", Queue "delete"];
    ShowError "show-error" SHOW_ERROR SHOW_ERROR_DOC Queue 55 safe [Queue] [Queue "e"];

    UseParameters "use-parameters" USE_PARAMETERS USE_PARAMETERS_DOC Pictures 85 safe [History Preview Queue]
        [History "enter", History "u", Preview "enter", Preview "u", Queue "enter", Queue "u"];
    UseSeed "use-seed" USE_SEED USE_SEED_DOC Pictures 75 safe [History Preview] [History "s", Preview "s"];
    CopyInfotext "copy-infotext" COPY_INFOTEXT COPY_INFOTEXT_DOC Pictures 65 safe [History Preview]
        [History "y", Preview "y"];
    CopyPath "copy-path" COPY_PATH COPY_PATH_DOC Pictures 45 safe [History Preview Models Dataset]
        [History "Y", Preview "Y", Models "Y", Dataset "Y"];
    PreviousPicture "previous-picture" PREVIOUS_PICTURE PREVIOUS_PICTURE_DOC Pictures 61 safe [Global]
        [History "left", History "h", Preview "left", Preview "h", Normal "["];
    NextPicture "next-picture" NEXT_PICTURE NEXT_PICTURE_DOC Pictures 62 safe [Global]
        [History "right", History "l", Preview "right", Preview "l", Normal "]"];
    FirstPicture "first-picture" FIRST_PICTURE FIRST_PICTURE_DOC Pictures 0 safe [Global] [Normal "{"];
    LastPicture "last-picture" LAST_PICTURE LAST_PICTURE_DOC Pictures 0 safe [Global] [Normal "}"];

    UseModel "use-model" USE_MODEL USE_MODEL_DOC Models 95 safe [Models] [Models "enter"];
    InsertModel "insert-model" INSERT_MODEL INSERT_MODEL_DOC Models 80 safe [Models] [Models "i"];
    FilterModels "filter-models" FILTER_MODELS FILTER_MODELS_DOC Models 88 safe [Models] [Models "/"];
    NextKind "next-kind" NEXT_KIND NEXT_KIND_DOC Models 70 safe [Models] [Models "."];
    PreviousKind "previous-kind" PREVIOUS_KIND PREVIOUS_KIND_DOC Models 0 safe [Models] [Models ","];
    SortModels "sort-models" SORT_MODELS SORT_MODELS_DOC Models 60 safe [Models] [Models "s"];
    ReverseModels "reverse-models" REVERSE_MODELS REVERSE_MODELS_DOC Models 0 safe [Models] [Models "S"];
    TreeOfModels "tree-of-models" TREE_OF_MODELS TREE_OF_MODELS_DOC Models 58 safe [Models] [Models "t"];
    Unfold "unfold" UNFOLD UNFOLD_DOC Models 75 safe [Models] [Models "right", Models "l"];
    Fold "fold" FOLD FOLD_DOC Models 0 safe [Models] [Models "left", Models "h"];
    Favourite "favourite" FAVOURITE FAVOURITE_DOC Models 65 safe [Models] [Models "f"];
    OnlyFavourites "only-favourites" ONLY_FAVOURITES ONLY_FAVOURITES_DOC Models 0 safe [Models] [Models "F"];
    Duplicates "duplicates" DUPLICATES DUPLICATES_DOC Models 0 safe [Models] [Models "d"];
    MarkModel "mark-model" MARK_MODEL MARK_MODEL_DOC Models 50 safe [Models] [Models "m", Models "insert"];
    EditModel "edit-model" EDIT_MODEL EDIT_MODEL_DOC Models 62 safe [Models] [Models "e"];
    EditNotes "edit-notes" EDIT_NOTES EDIT_NOTES_DOC Models 48 safe [Models] [Models "n"];
    ReadMetadata "read-metadata" READ_METADATA READ_METADATA_DOC Models 55 safe [Models] [Models "r"];
    HashModel "hash-model" HASH_MODEL HASH_MODEL_DOC Models 0 safe [Models] [Models "#"];
    HashAll "hash-all" HASH_ALL HASH_ALL_DOC Models 0 safe [Models] [Models "H"];
    StopHashing "stop-hashing" STOP_HASHING STOP_HASHING_DOC Models 92 safe [Models] [Models "x"];
    ConvertModel "convert-model" CONVERT_MODEL CONVERT_MODEL_DOC Models 0 safe [Models] [Models "w c"];
    MergeModels "merge-models" MERGE_MODELS MERGE_MODELS_DOC Models 0 safe [Models] [Models "w m"];
    BakeNetworks "bake-networks" BAKE_NETWORKS BAKE_NETWORKS_DOC Models 0 safe [Models] [Models "w b"];
    CombineNetworks "combine-networks" COMBINE_NETWORKS COMBINE_NETWORKS_DOC Models 0 safe [Models] [Models "w j"];
    ResizeNetwork "resize-network" RESIZE_NETWORK RESIZE_NETWORK_DOC Models 0 safe [Models] [Models "w r"];
    ExtractNetwork "extract-network" EXTRACT_NETWORK EXTRACT_NETWORK_DOC Models 0 safe [Models] [Models "w x"];
    EditMetadata "edit-metadata" EDIT_METADATA EDIT_METADATA_DOC Models 0 safe [Models] [Models "w e"];

    OpenSet "open-dataset" OPEN_SET OPEN_SET_DOC Dataset 30 safe [Global] [Dataset "o", Normal "space o"];
    FilterSet "filter-dataset" FILTER_SET FILTER_SET_DOC Dataset 88 safe [Dataset] [Dataset "/"];
    SavedQueries "saved-queries" SAVED_QUERIES SAVED_QUERIES_DOC Dataset 0 safe [Dataset] [Dataset "'"];
    MarkInSet "mark-in-dataset" MARK_IN_SET MARK_IN_SET_DOC Dataset 70 safe [Dataset] [Dataset "m", Dataset "insert"];
    MarkShown "mark-shown" MARK_SHOWN MARK_SHOWN_DOC Dataset 0 safe [Dataset] [Dataset "M"];
    MarkTags "mark-tags" MARK_TAGS MARK_TAGS_DOC Dataset 66 safe [Tags] [Tags "%"];
    SortTags "sort-tags" SORT_TAGS SORT_TAGS_DOC Dataset 72 safe [Tags] [Tags "s"];
    ReverseTags "reverse-tags" REVERSE_TAGS REVERSE_TAGS_DOC Dataset 0 safe [Tags] [Tags "S"];
    ThumbnailGrid "thumbnail-grid" THUMBNAIL_GRID THUMBNAIL_GRID_DOC Dataset 60 safe [Dataset] [Dataset "t"];
    GoLeft "go-left" GO_LEFT GO_LEFT_DOC Dataset 0 safe [Dataset] [Dataset "h", Dataset "left"];
    GoRight "go-right" GO_RIGHT GO_RIGHT_DOC Dataset 0 safe [Dataset] [Dataset "l", Dataset "right"];
    EditPicture "edit-picture" EDIT_PICTURE EDIT_PICTURE_DOC Dataset 90 safe [Pictures] [Pictures "enter"];
    EditChip "edit-tag" EDIT_CHIP EDIT_CHIP_DOC Dataset 90 safe [Chips] [Chips "enter", Chips "c"];
    InsertChip "insert-tag" INSERT_CHIP INSERT_CHIP_DOC Dataset 82 safe [Chips] [Chips "i"];
    AppendChip "append-tag" APPEND_CHIP APPEND_CHIP_DOC Dataset 84 safe [Chips] [Chips "a"];
    AddChip "add-tag-at-end" ADD_CHIP ADD_CHIP_DOC Dataset 0 safe [Chips] [Chips "A"];
    RemoveChip "delete-tag" REMOVE_CHIP REMOVE_CHIP_DOC Dataset 86 safe [Chips] [Chips "x", Chips "delete"];
    ChipLeft "tag-left" CHIP_LEFT CHIP_LEFT_DOC Dataset 50 safe [Chips] [Chips "<", Chips "shift+left"];
    ChipRight "tag-right" CHIP_RIGHT CHIP_RIGHT_DOC Dataset 49 safe [Chips] [Chips ">", Chips "shift+right"];
    CopyChip "copy-tag" COPY_CHIP COPY_CHIP_DOC Dataset 0 safe [Chips] [Chips "y"];
    PasteChip "paste-tag" PASTE_CHIP PASTE_CHIP_DOC Dataset 0 safe [Chips] [Chips "p"];
    EditText "edit-caption-text" EDIT_TEXT EDIT_TEXT_DOC Dataset 64 safe [Dataset] [Dataset "E"];
    WriteCaption "write-caption" WRITE_CAPTION WRITE_CAPTION_DOC Dataset 91 safe [Dataset]
        [Dataset "w", Dataset "ctrl+s"];
    UndoSet "undo-dataset" UNDO_SET UNDO_SET_DOC Dataset 55 safe [Dataset] [Dataset "u"];
    RedoSet "redo-dataset" REDO_SET REDO_SET_DOC Dataset 0 safe [Dataset] [Dataset "ctrl+r"];
    UndoPicture "undo-picture" UNDO_PICTURE UNDO_PICTURE_DOC Dataset 0 safe [Dataset] [Dataset "U"];
    RedoPicture "redo-picture" REDO_PICTURE REDO_PICTURE_DOC Dataset 0 safe [Dataset] [Dataset "R"];
    SetLog "dataset-log" SET_LOG SET_LOG_DOC Dataset 0 safe [Dataset] [Dataset "g l"];
    Snapshots "snapshots" SNAPSHOTS SNAPSHOTS_DOC Dataset 0 safe [Dataset] [Dataset "g s"];
    DatasetOptions "dataset-options" DATASET_OPTIONS DATASET_OPTIONS_DOC Dataset 0 safe [Dataset] [Dataset "g o"];
    NextView "next-view" NEXT_VIEW NEXT_VIEW_DOC Dataset 58 safe [Dataset] [Dataset "."];
    PreviousView "previous-view" PREVIOUS_VIEW PREVIOUS_VIEW_DOC Dataset 0 safe [Dataset] [Dataset ","];
    SeeCaption "see-caption" SEE_CAPTION SEE_CAPTION_DOC Dataset 0 safe [Dataset] [Dataset "v v"];
    SeeHistory "see-history" SEE_HISTORY SEE_HISTORY_DOC Dataset 0 safe [Dataset] [Dataset "v l"];
    SeeDraws "see-captions-as-trained" SEE_DRAWS SEE_DRAWS_DOC Dataset 74 safe [Dataset] [Dataset "v t"];
    SeeCrops "see-crops" SEE_CROPS SEE_CROPS_DOC Dataset 0 safe [Dataset] [Dataset "v c"];
    DrawOptions "draw-options" DRAW_OPTIONS DRAW_OPTIONS_DOC Dataset 90 safe [Draws] [Draws "enter"];
    DrawAgain "draw-again" DRAW_AGAIN DRAW_AGAIN_DOC Dataset 88 safe [Draws] [Draws "n"];
    ShowTokens "show-tokens" SHOW_TOKENS SHOW_TOKENS_DOC Dataset 86 safe [Draws] [Draws "T"];
    MoveRectangle "move-rectangle" MOVE_RECTANGLE MOVE_RECTANGLE_DOC Dataset 90 safe [Crops] [Crops "enter"];
    MoveFocus "move-focal-point" MOVE_FOCUS MOVE_FOCUS_DOC Dataset 88 safe [Crops] [Crops "f"];
    CentreCrop "centre-crop" CENTRE_CROP CENTRE_CROP_DOC Dataset 84 safe [Crops] [Crops "x", Crops "delete"];
    BucketSettings "bucket-settings" BUCKET_SETTINGS BUCKET_SETTINGS_DOC Dataset 86 safe [Crops] [Crops "b"];
    BucketTable "bucket-table" BUCKET_TABLE BUCKET_TABLE_DOC Dataset 82 safe [Crops] [Crops "B"];
    KeepCrop "keep-crop" KEEP_CROP KEEP_CROP_DOC Dataset 90 safe [Moving] [Moving "enter", Moving "w"];
    CropLeft "crop-left" CROP_LEFT CROP_LEFT_DOC Dataset 0 safe [Moving] [Moving "left", Moving "h"];
    CropRight "crop-right" CROP_RIGHT CROP_RIGHT_DOC Dataset 0 safe [Moving] [Moving "right", Moving "l"];
    CropUp "crop-up" CROP_UP CROP_UP_DOC Dataset 0 safe [Moving] [Moving "up", Moving "k"];
    CropDown "crop-down" CROP_DOWN CROP_DOWN_DOC Dataset 0 safe [Moving] [Moving "down", Moving "j"];
    CropNarrower "crop-narrower" CROP_NARROWER CROP_NARROWER_DOC Dataset 0 safe [Moving]
        [Moving "shift+left", Moving "H"];
    CropWider "crop-wider" CROP_WIDER CROP_WIDER_DOC Dataset 0 safe [Moving] [Moving "shift+right", Moving "L"];
    CropLower "crop-lower" CROP_LOWER CROP_LOWER_DOC Dataset 0 safe [Moving] [Moving "shift+down", Moving "J"];
    CropHigher "crop-higher" CROP_HIGHER CROP_HIGHER_DOC Dataset 0 safe [Moving] [Moving "shift+up", Moving "K"];
    CropFine "crop-fine" CROP_FINE CROP_FINE_DOC Dataset 80 safe [Moving] [Moving "f"];
    SeeHealth "see-health" SEE_HEALTH SEE_HEALTH_DOC Dataset 0 safe [Dataset] [Dataset "v h"];
    CheckWhole "check-whole-pictures" CHECK_WHOLE CHECK_WHOLE_DOC Dataset 88 safe [Health] [Health "n"];
    ShowFinding "show-finding" SHOW_FINDING SHOW_FINDING_DOC Dataset 90 safe [Health] [Health "enter"];
    SeeTwins "see-near-duplicates" SEE_TWINS SEE_TWINS_DOC Dataset 0 safe [Dataset] [Dataset "v d"];
    SearchTwins "search-near-duplicates" SEARCH_TWINS SEARCH_TWINS_DOC Dataset 90 safe [Twins] [Twins "n"];
    KeepBetter "keep-better" KEEP_BETTER KEEP_BETTER_DOC Dataset 92 safe [Twins] [Twins "enter"];
    KeepOther "keep-other" KEEP_OTHER KEEP_OTHER_DOC Dataset 88 safe [Twins] [Twins "x"];
    KeepAllBetter "keep-all-better" KEEP_ALL_BETTER KEEP_ALL_BETTER_DOC Dataset 86 safe [Twins] [Twins "K"];
    SeeProposals "see-proposals" SEE_PROPOSALS SEE_PROPOSALS_DOC Dataset 0 safe [Dataset] [Dataset "v p"];
    AskTagger "ask-tagger" ASK_TAGGER ASK_TAGGER_DOC Dataset 88 safe [Proposals] [Proposals "n"];
    AcceptPicture "accept-picture" ACCEPT_PICTURE ACCEPT_PICTURE_DOC Dataset 92 safe [Proposals] [Proposals "enter"];
    LeaveTagOut "leave-tag-out" LEAVE_TAG_OUT LEAVE_TAG_OUT_DOC Dataset 90 safe [Proposals] [Proposals "x"];
    NextProposal "next-proposal" NEXT_PROPOSAL NEXT_PROPOSAL_DOC Dataset 86 safe [Proposals] [Proposals "N"];
    AcceptAll "accept-all" ACCEPT_ALL ACCEPT_ALL_DOC Dataset 84 safe [Proposals] [Proposals "A"];
    CropPictures "crop-pictures" CROP_PICTURES CROP_PICTURES_DOC Dataset 71 safe [Dataset] [Dataset "P c"];
    ResizePictures "resize-pictures" RESIZE_PICTURES RESIZE_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P s"];
    MirrorPictures "mirror-pictures" MIRROR_PICTURES MIRROR_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P m"];
    SplitPictures "split-pictures" SPLIT_PICTURES SPLIT_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P x"];
    ConvertPictures "convert-pictures" CONVERT_PICTURES CONVERT_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P f"];
    TurnPictures "turn-pictures" TURN_PICTURES TURN_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P t"];
    RenamePictures "rename-pictures" RENAME_PICTURES RENAME_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P n"];
    CullPictures "cull-pictures" CULL_PICTURES CULL_PICTURES_DOC Dataset 0 safe [Dataset] [Dataset "P v"];
    WithTag "pictures-with-tag" WITH_TAG WITH_TAG_DOC Dataset 80 safe [Chips Tags] [Chips "f", Tags "f", Tags "enter"];
    WithoutTag "pictures-without-tag" WITHOUT_TAG WITHOUT_TAG_DOC Dataset 0 safe [Chips Tags] [Chips "F", Tags "F"];
    ShowConflicts "show-conflicts" SHOW_CONFLICTS SHOW_CONFLICTS_DOC Dataset 97 safe [Dataset] [Dataset "C"];
    StopSetWork "stop-dataset-work" STOP_SET_WORK STOP_SET_WORK_DOC Dataset 98 safe [Dataset] [Dataset "ctrl+x"];
    TriggerWord "trigger-word" TRIGGER_WORD TRIGGER_WORD_DOC Captions 62 safe [Dataset] [Dataset "e t"];
    RemoveTags "remove-tags" REMOVE_TAGS REMOVE_TAGS_DOC Captions 78 safe [Dataset]
        [Dataset "e r", Tags "x", Tags "delete"];
    KeepTags "keep-tags" KEEP_TAGS KEEP_TAGS_DOC Captions 0 safe [Dataset] [Dataset "e k"];
    RenameTag "rename-tag" RENAME_TAG RENAME_TAG_DOC Captions 76 safe [Dataset] [Dataset "e n", Tags "r"];
    MergeTags "merge-tags" MERGE_TAGS MERGE_TAGS_DOC Captions 68 safe [Dataset] [Dataset "e m"];
    TagsFirst "tags-first" TAGS_FIRST TAGS_FIRST_DOC Captions 0 safe [Dataset] [Dataset "e f"];
    AddTags "add-tags" ADD_TAGS ADD_TAGS_DOC Captions 73 safe [Dataset] [Dataset "e a", Tags "a"];
    ReplaceText "replace-text" REPLACE_TEXT REPLACE_TEXT_DOC Captions 0 safe [Dataset] [Dataset "e x"];
    SortCaptions "sort-captions" SORT_CAPTIONS SORT_CAPTIONS_DOC Captions 0 safe [Dataset] [Dataset "e s"];
    DedupCaptions "dedup-captions" DEDUP_CAPTIONS DEDUP_CAPTIONS_DOC Captions 0 safe [Dataset] [Dataset "e d"];
    CleanCaptions "clean-captions" CLEAN_CAPTIONS CLEAN_CAPTIONS_DOC Captions 0 safe [Dataset] [Dataset "e c"];
    WriteChanges "write-changes" WRITE_CHANGES WRITE_CHANGES_DOC Captions 96 safe [Review]
        [Review "w", Review "ctrl+s"];
    LeaveOut "leave-out" LEAVE_OUT LEAVE_OUT_DOC Captions 84 safe [Review] [Review "x"];
    CopyCommand "copy-command" COPY_COMMAND COPY_COMMAND_DOC Captions 80 safe [Review] [Review "y"];
    TakeOurs "take-ours" TAKE_OURS TAKE_OURS_DOC Captions 90 safe [Conflicts] [Conflicts "o"];
    TakeTheirs "take-theirs" TAKE_THEIRS TAKE_THEIRS_DOC Captions 89 safe [Conflicts] [Conflicts "t"];
    TakeBoth "take-both" TAKE_BOTH TAKE_BOTH_DOC Captions 88 safe [Conflicts] [Conflicts "b"];

    ChooseModel "choose-model" CHOOSE_MODEL CHOOSE_MODEL_DOC Choosing 35 safe [Global]
        [Normal "space c m", Global "ctrl+o"];
    ChooseVae "choose-vae" CHOOSE_VAE CHOOSE_VAE_DOC Choosing 0 safe [Global] [Normal "space c v"];
    ChooseSampler "choose-sampler" CHOOSE_SAMPLER CHOOSE_SAMPLER_DOC Choosing 0 safe [Global] [Normal "space c s"];
    ChooseSchedule "choose-schedule" CHOOSE_SCHEDULE CHOOSE_SCHEDULE_DOC Choosing 0 safe [Global] [Normal "space c k"];
    ChooseTheme "choose-theme" CHOOSE_THEME CHOOSE_THEME_DOC Choosing 0 safe [Global] [Normal "space c t"];
    ChooseLanguage "choose-language" CHOOSE_LANGUAGE CHOOSE_LANGUAGE_DOC Choosing 0 safe [Global] [Normal "space c l"];

    ShowGenerate "show-generate" SHOW_GENERATE SHOW_GENERATE_DOC Panes 23 safe [Global] [Normal "space g g", Global "alt+i"];
    ShowModels "show-models" SHOW_MODELS SHOW_MODELS_DOC Panes 23 safe [Global]
        [Normal "space g m", Global "f10", Global "alt+m"];
    ShowDataset "show-dataset" SHOW_DATASET SHOW_DATASET_DOC Panes 23 safe [Global]
        [Normal "space g d", Global "f12", Global "alt+t"];
    NextTab "next-tab" NEXT_TAB NEXT_TAB_DOC Panes 0 safe [Global] [Global "ctrl+pagedown", Global "alt+n"];
    PreviousTab "previous-tab" PREVIOUS_TAB PREVIOUS_TAB_DOC Panes 0 safe [Global] [Global "ctrl+pageup", Global "alt+b"];
    NextPane "next-pane" NEXT_PANE NEXT_PANE_DOC Panes 25 safe [Global] [Global "tab"];
    PreviousPane "previous-pane" PREVIOUS_PANE PREVIOUS_PANE_DOC Panes 0 safe [Global] [Global "shift+tab"];
    FocusPrompt "focus-prompt" FOCUS_PROMPT FOCUS_PROMPT_DOC Panes 0 safe [Global]
        [Normal "space g p", Global "f2", Global "alt+1"];
    FocusNegative "focus-negative" FOCUS_NEGATIVE FOCUS_NEGATIVE_DOC Panes 0 safe [Global]
        [Normal "space g n", Global "f3", Global "alt+2"];
    FocusParameters "focus-parameters" FOCUS_PARAMETERS FOCUS_PARAMETERS_DOC Panes 0 safe [Global]
        [Normal "space g f", Global "f4", Global "alt+3"];
    FocusPreview "focus-preview" FOCUS_PREVIEW FOCUS_PREVIEW_DOC Panes 0 safe [Global]
        [Normal "space g v", Global "f6", Global "alt+4"];
    FocusQueue "focus-queue" FOCUS_QUEUE FOCUS_QUEUE_DOC Panes 0 safe [Global]
        [Normal "space g q", Global "f7", Global "alt+5"];
    FocusHistory "focus-history" FOCUS_HISTORY FOCUS_HISTORY_DOC Panes 0 safe [Global]
        [Normal "space g h", Global "f8", Global "alt+6"];
    ZoomPane "zoom-pane" ZOOM_PANE ZOOM_PANE_DOC Panes 22 safe [Global] [Normal "z", Global "f9"];
    GrowPane "grow-pane" GROW_PANE GROW_PANE_DOC Panes 0 safe [Global] [Normal "+", Global "ctrl+alt+right"];
    ShrinkPane "shrink-pane" SHRINK_PANE SHRINK_PANE_DOC Panes 0 safe [Global] [Normal "-", Global "ctrl+alt+left"];

    SelectUp "select-up" SELECT_UP SELECT_UP_DOC Lists 0 safe [List Picker Palette Dialog Completing Trigger]
        [Dialog "up", Completing "up", Completing "ctrl+k", Trigger "up", List "up", List "k", Picker "up", Picker "ctrl+k", Palette "up", Palette "ctrl+k"];
    SelectDown "select-down" SELECT_DOWN SELECT_DOWN_DOC Lists 0 safe [List Picker Palette Dialog Completing Trigger]
        [Dialog "down", Completing "down", Completing "ctrl+j", Trigger "down", List "down", List "j", Picker "down", Picker "ctrl+j", Palette "down", Palette "ctrl+j"];
    PageUp "page-up" PAGE_UP PAGE_UP_DOC Lists 0 safe [List Picker Palette]
        [List "pageup", List "ctrl+b", Picker "pageup", Palette "pageup"];
    PageDown "page-down" PAGE_DOWN PAGE_DOWN_DOC Lists 0 safe [List Picker Palette]
        [List "pagedown", List "ctrl+f", Picker "pagedown", Palette "pagedown"];
    Top "top" TOP TOP_DOC Lists 0 safe [List Picker Palette]
        [List "g g", List "home", Picker "ctrl+home", Palette "ctrl+home"];
    Bottom "bottom" BOTTOM BOTTOM_DOC Lists 0 safe [List Picker Palette]
        [List "G", List "end", Picker "ctrl+end", Palette "ctrl+end"];
    Submit "submit" SUBMIT SUBMIT_DOC Lists 95 safe [Dialog Input Notes Trigger]
        [Dialog "ctrl+s", Input "ctrl+s", Notes "ctrl+s", Trigger "ctrl+s"];
    ForgetItem "forget-item" FORGET_ITEM FORGET_ITEM_DOC Lists 60 danger [Picker] [Picker "ctrl+x"];
    Filter "filter" FILTER FILTER_DOC Lists 24 safe [History Queue Help] [History "/", Queue "/", Help "/"];
    Accept "accept" ACCEPT ACCEPT_DOC Lists 90 safe [Input Picker Palette Confirm Trigger]
        [Input "enter", Trigger "enter", Confirm "enter", Confirm "y"];
    Dismiss "dismiss" DISMISS DISMISS_DOC Lists 21 safe [Global] [Global "esc", Help "q", Confirm "n"];

    Palette "palette" PALETTE PALETTE_DOC Workstation 28 safe [Global] [Global "ctrl+p", Normal ":"];
    Help "help" HELP HELP_DOC Workstation 27 safe [Global] [Normal "?", Global "f1"];
    Reload "reload" RELOAD RELOAD_DOC Workstation 0 safe [Global] [Normal "space w r"];
    Redraw "redraw" REDRAW REDRAW_DOC Workstation 0 safe [Global] [Global "ctrl+l"];
    Suspend "suspend" SUSPEND SUSPEND_DOC Workstation 0 safe [Global] [Normal "ctrl+z", Global "alt+z"];
    Quit "quit" QUIT QUIT_DOC Workstation 26 safe [Global] [Global "ctrl+q", Normal "q", Normal "ctrl+c"];
    StopEngine "stop-engine" STOP_ENGINE STOP_ENGINE_DOC Workstation 0 danger [Global] [Normal "space w x"];
}
