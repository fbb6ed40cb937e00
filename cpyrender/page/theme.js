(()=>{try{let e=JSON.parse(localStorage.getItem("cpyrender.theme"));(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e)}catch{}})();
